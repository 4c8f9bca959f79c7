"""What stands for the distilled samples: any numbers, or words; and how they start.

Start with `choice`. A new way to parametrise samples is a file here.
"""
