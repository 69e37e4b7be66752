"""Every error that Tejido raises on purpose: one line that says what is wrong and how to mend it."""


class TejidoError(Exception):
    """Base of all errors meant for a person; the command line prints its message and exits 1."""


class ImageError(TejidoError):
    """The bytes are not a picture that can be judged."""


class ContextError(TejidoError):
    """What is told beside the picture (age, sex, site) is nothing that the model can take."""


class ModelFileError(TejidoError):
    """The file is not a model file that this version can run."""


class DataError(TejidoError):
    """A source, manifest or split is not what it must be."""


class SplitLeakError(DataError):
    """A group stands on both sides of a split."""


class RecipeError(TejidoError):
    """A recipe asks for something that does not exist or cannot be."""


class TrainingError(TejidoError):
    """A training cannot go on; its checkpoints up to the last finished epoch are kept."""


class AgreementError(TejidoError):
    """An exported file does not answer as the network it came from; nothing was written."""


class StoreUnavailableError(TejidoError):
    """The case store cannot be reached, is locked, full or read-only; nothing was written."""


class ServerError(TejidoError):
    """A Tejido server did not answer as asked.

    Attributes:
        status: HTTP status, or 0 where there was no answer at all.
        code: stable machine name of the trouble.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
