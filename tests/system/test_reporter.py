"""What is said on the way."""

from tdd.system.reporter import Reporter


def test_notes_cannot_command_a_terminal(capsys):
    Reporter().note("class '\x1b[2J' [bold] \u202e")
    assert capsys.readouterr().err == "class '\\x1b[2J' [bold] \\u202e\n"
