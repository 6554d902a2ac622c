"""What an import refuses: which file, what is wrong in it, and what would make it acceptable."""

from decision_service.errors import ServiceError


class IngestError(ServiceError):
    """
    An export or its mapping cannot be read as it stands.

    Parameters
    ----------
    file
        Name of the file at fault, with row and column where there is one.
    problem
        What is wrong with it.
    fix
        What would make it acceptable, in words.
    """

    def __init__(self, file: str, problem: str, fix: str) -> None:
        super().__init__(f"{file}: {problem}; {fix}", "EXPORT_REFUSED", {"file": file})
        self.file = file
        self.problem = problem
        self.fix = fix
