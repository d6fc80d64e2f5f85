"""A browser's part of Streamlit's own protocol, without a browser."""

import contextlib
import urllib.parse
from typing import TypeVar, cast

from google.protobuf.message import Message
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Button_pb2 import Button
from streamlit.proto.Exception_pb2 import Exception as ShownError
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.NewSession_pb2 import Config
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

Element = TypeVar("Element", bound=Message)

_OPEN = 60.0  # seconds that a page may take


class Session:
    """A tab: it opens a page, remembers what it is shown, presses buttons, renews what renews itself; until it is closed.

    With the `id` of an earlier one it is that tab, whose connection comes back, if the server still has it.
    """

    def __init__(self, url: str, page: str = "", query: str = "", *, earlier: str = "") -> None:
        place = urllib.parse.urlsplit(url)
        address = f"ws://{place.netloc}/_stcore/stream"
        # A browser says there what the server gave to it: a token, which is not asked for here, and the id.
        said = ["streamlit", "token", earlier] if earlier else ["streamlit"]
        self._open = contextlib.ExitStack()
        self._socket = self._open.enter_context(
            connect(
                address,
                origin=Origin(url),
                subprotocols=[Subprotocol(word) for word in said],
                max_size=None,
                open_timeout=_OPEN,
            )
        )
        self._page, self._query, self._script = page, query, ""
        self._elements: dict[
            tuple[int, ...], tuple[str, Message]
        ] = {}  # by place: the part it belongs to, and what it is
        self.id = ""
        self.settings: Config | None = None  # what Streamlit tells a browser about itself
        self.timers: dict[str, float] = {}  # seconds between two renewals of each part that renews itself
        self.run()

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the tab."""
        self._open.close()

    def run(self, *, part: str = "", press: str = "") -> None:
        """Run the page's script, or a part of it that renews itself; `press` is a button's id. Returns when it has run."""
        message = BackMsg()
        asked = message.rerun_script
        asked.page_name, asked.query_string, asked.page_script_hash = self._page, self._query, self._script
        asked.fragment_id, asked.is_auto_rerun = part, bool(part and not press)
        if press:
            state = asked.widget_states.widgets.add()
            state.id, state.trigger_value = press, True
        self._socket.send(message.SerializeToString())
        while not self._finished(ForwardMsg.FromString(self._socket.recv(_OPEN))):
            pass

    def press(self, label: str) -> None:
        """Press the first button with this label; KeyError if there is none."""
        by_label = {button.label: (part, button) for part, button in reversed(self._all(Button))}
        part, button = by_label[label]
        self.run(part=part, press=button.id)

    def buttons(self) -> list[str]:
        """The labels of all buttons."""
        return [button.label for _, button in self._all(Button)]

    def errors(self) -> list[ShownError]:
        """The exceptions that the page shows."""
        return [error for _, error in self._all(ShownError)]

    def words(self) -> str:
        """All text on the page, without what keeps Markdown from seeing a meaning."""
        shown = (element for _, element in self._elements.values())
        texts = (getattr(element, "body", "") or getattr(element, "text", "") for element in shown)
        return "\n".join(filter(None, texts)).replace("\\", "")

    def _all(self, kind: type[Element]) -> list[tuple[str, Element]]:
        return [(part, element) for part, element in self._elements.values() if isinstance(element, kind)]

    def _finished(self, message: ForwardMsg) -> bool:
        match message.WhichOneof("type"):
            case "new_session":
                self.id = message.new_session.initialize.session_id
                self._script, self.settings = message.new_session.page_script_hash, message.new_session.config
                parts = message.metadata.run.fragment_ids
                self._elements = {
                    place: kept for place, kept in self._elements.items() if parts and kept[0] not in parts
                }
                self.timers = self.timers if parts else {}
            case "delta" if message.delta.HasField("new_element"):
                element = message.delta.new_element
                shown: Message = getattr(element, cast(str, element.WhichOneof("type")))
                self._elements[tuple(message.metadata.delta_path)] = message.delta.fragment_id, shown
            case "auto_rerun":
                self.timers[message.auto_rerun.fragment_id] = message.auto_rerun.interval
            case "stop_auto_rerun":
                for part in message.stop_auto_rerun.fragment_ids:
                    self.timers.pop(part, None)
            case "script_finished":
                return message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN
        return False
