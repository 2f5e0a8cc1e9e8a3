"""What went wrong, and the command that fixes it: every error of the lab is one of these."""


class Problem(Exception):
    def __init__(self, what: str, next_step: str = ""):
        super().__init__(f"{what}; {next_step}" if next_step else what)
