"""A client for programs that ask a Tejido server. Needs the extra ``client``.

>>> import tejido
>>> client = tejido.Client("http://127.0.0.1:8000", token=None)
>>> client.classify("lesion.jpg").label
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID, uuid4

import httpx
import numpy as np

from tejido.errors import ServerError
from tejido.runtime.classifier import Prediction
from tejido.runtime.possible import Possible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

Picture = str | Path | bytes
"""Path of a picture file, or its bytes."""


class Client:
    """A connection to one server; to be closed, or used in a ``with`` block. Safe to share between threads.

    Every method raises ``ServerError`` where the server cannot be reached or does not answer as asked.

    Args:
        url: of the server, such as ``http://127.0.0.1:8000``.
        token: where the server asks for one.
        timeout: seconds to wait for an answer.

    Attributes:
        cases: the cases that the server keeps, where it does.
    """

    def __init__(self, url: str, *, token: str | None = None, timeout: float = 60.0) -> None:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._http = httpx.Client(base_url=url.rstrip("/"), headers=headers, timeout=timeout)
        self.cases = Cases(self)

    def classify(
        self,
        image: Picture,
        *,
        model: str | None = None,
        heatmap: bool = False,
        mask: bool = False,
        age: float | None = None,
        sex: str | None = None,
        site: str | None = None,
    ) -> Prediction:
        """The server's answer for one picture; as ``Classifier.predict``, without ``novelty``.

        Args:
            image: path or bytes of a picture file.
            model: name of one of the server's models; by default its own choice.
            heatmap: also ask for what influenced the score.
            mask: also ask where the model sees the lesion.
            age: in years, for a model that takes it.
            sex: likewise.
            site: likewise.
        """
        query = _query(model=model, heatmap=heatmap, mask=mask, age=age, sex=sex, site=site)
        answer = self.ask("POST", "/api/v1/classify", params=query, content=_bytes(image)).json()
        return _prediction(answer)

    def batch(
        self,
        images: Sequence[Picture],
        *,
        model: str | None = None,
        heatmap: bool = False,
        **context: float | str | None,
    ) -> Iterator[Prediction | ServerError]:
        """The answers for many pictures in their order, each as soon as it is there.

        Args:
            images: paths or bytes of picture files; as many as ``models()`` says at most.
            model: as for ``classify``.
            heatmap: as for ``classify``.
            context: age, sex, site, the same for all pictures.

        Yields:
            An answer, or the error of a picture that could not be judged.
        """
        form = [("picture", ("picture", _bytes(image), "application/octet-stream")) for image in images]
        query = _query(model=model, heatmap=heatmap, **context)
        try:
            with self._http.stream("POST", "/api/v1/batch", params=query, files=form) as response:
                if response.status_code != httpx.codes.OK:
                    response.read()
                    raise _error(response)
                for line in response.iter_lines():
                    given = json.loads(line)
                    error = given["error"]
                    yield (
                        _prediction(given["answer"])
                        if error is None
                        else ServerError(200, error["code"], error["message"])
                    )
        except httpx.HTTPError as error:
            raise _unreachable(error) from None

    def models(self) -> dict[str, Any]:
        """The server's models with their cards, its default, and how much it takes at once."""
        answer: dict[str, Any] = self.ask("GET", "/api/v1/models").json()
        return answer

    def model_file(self, name: str) -> bytes:
        """The file of a model; see ``tejido.load``."""
        return self.ask("GET", f"/api/v1/models/{name}/file").content

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send any request.

        Args:
            method: of HTTP.
            path: with its leading slash.
            options: as for ``httpx.Client.request``.
        """
        try:
            response = self._http.request(method, path, **options)
        except httpx.HTTPError as error:
            raise _unreachable(error) from None
        if not response.is_success:
            raise _error(response)
        return response

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Cases:
    """The cases of a server; what goes in and comes out is described at ``/api/docs``.

    Args:
        client: of the server.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def put(self, image: Picture, case: Mapping[str, Any], *, id: UUID | str | None = None) -> dict[str, Any]:
        """Keep a case. Sent again with the same ``id``, after a lost connection for instance, it is there only once.

        Args:
            image: path or bytes of the picture file.
            case: at least ``consent``.
            id: by default a new one.

        Returns:
            The case as it is kept.
        """
        form = {
            "case": (None, json.dumps(dict(case)), "application/json"),
            "picture": ("picture", _bytes(image), "application/octet-stream"),
        }
        return self._json("PUT", f"/{id or uuid4()}", files=form)

    def get(self, id: UUID | str) -> dict[str, Any]:
        """One case."""
        return self._json("GET", f"/{id}")

    def picture(self, id: UUID | str) -> bytes:
        """The picture file of a case."""
        return self._client.ask("GET", f"/api/v1/cases/{id}/picture").content

    def list(self, **filters: Any) -> Iterator[dict[str, Any]]:
        """All cases that fit, newest first: patient, lesion, label, confirmed, since, until."""
        yield from self._pages("/api/v1/cases", _query(**filters))

    def lesion(self, patient: str, lesion: str) -> Iterator[dict[str, Any]]:
        """The cases of one lesion, oldest first."""
        yield from self._pages(f"/api/v1/patients/{patient}/lesions/{lesion}", {})

    def edit(self, id: UUID | str, **changes: Any) -> dict[str, Any]:
        """Change facts or notes of a case."""
        return self._json("PATCH", f"/{id}", json=changes)

    def confirm(self, id: UUID | str, diagnosis: str | None, confirmation: str | None) -> dict[str, Any]:
        """Record what the lesion turned out to be; None twice takes it back."""
        return self._json("PUT", f"/{id}/diagnosis", json={"diagnosis": diagnosis, "confirmation": confirmation})

    def delete(self, id: UUID | str) -> None:
        """Delete a case for good."""
        self._json("DELETE", f"/{id}")

    def audit(self, limit: int = 50) -> dict[str, Any]:
        """The newest entries of the audit trail."""
        answer: dict[str, Any] = self._client.ask("GET", "/api/v1/audit", params={"limit": limit}).json()
        return answer

    def _json(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self._client.ask(method, f"/api/v1/cases{path}", **options).json()
        return answer

    def _pages(self, path: str, query: dict[str, Any]) -> Iterator[dict[str, Any]]:
        while True:
            page = self._client.ask("GET", path, params=query).json()
            yield from page["cases"]
            if page["next"] is None:
                return
            query = query | {"after": page["next"]}


def _query(**given: Any) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value is not None}


def _bytes(image: Picture) -> bytes:
    return image if isinstance(image, bytes) else Path(image).read_bytes()


def _prediction(answer: Mapping[str, Any]) -> Prediction:
    grid = answer["heatmap"]
    return Prediction(
        label=answer["label"],
        probabilities=answer["probabilities"],
        heatmap=None if grid is None else np.asarray(grid["rows"], np.float32),
        refused=answer["refused"],
        reason=answer["reason"],
        model=answer["model"],
        quality=answer["quality"],
        possible=_possible(answer.get("possible")),
        mask=None if answer["mask"] is None else _mask(answer["mask"]),
    )


def _possible(found: Mapping[str, Any] | None) -> Possible | None:
    return None if found is None else Possible(found["coverage"], tuple(found["labels"]))


def _mask(found: Mapping[str, Any]) -> NDArray[np.bool_]:
    inside = np.arange(len(found["runs"])) % 2 == 1
    return np.repeat(inside, found["runs"]).reshape(found["height"], found["width"])


def _error(response: httpx.Response) -> ServerError:
    try:
        told = response.json()["error"]
        return ServerError(response.status_code, str(told["code"]), str(told["message"]))
    except (ValueError, KeyError, TypeError):  # a proxy answers in its own way
        return ServerError(response.status_code, "http", f"the server answered {response.status_code}")


def _unreachable(error: httpx.HTTPError) -> ServerError:
    return ServerError(0, "network", f"the server cannot be reached ({type(error).__name__}); see that it runs")
