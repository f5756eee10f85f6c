"""How a request ends that the HTTP edge itself refuses."""

from services.api.rest.problem import Problem


class Refusal(Exception):  # noqa: N818  it is the answer
    """The request ends here."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem
