"""Files of data → tables, a module for each kind of file; `tdd.data.files` chooses.

Imports nothing of `tdd.data` but its own modules. Start reading at `table_cache`.
"""
