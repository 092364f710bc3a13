"""A command that takes every option of every signal, from what the signals declare.

The options are read when the command runs, so that a signal registered by a script has its own.
(No postponed annotations here: typer reads those of `holder`, whose names are local.)
"""

from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from labelbits.errors import InputError

#: Where the options of signals that were given stand in the context's `meta`.
GIVEN = "labelbits.signal_options"


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _text(name: str, kind: str, text: str) -> Any:
    """An option that takes text, read later by the kind that its signal declares."""

    def holder(
        value: Annotated[
            str | None,
            typer.Option(
                _flag(name), metavar=kind.upper(), help=text, rich_help_panel="Options of signals"
            ),
        ] = None,
    ) -> None:
        """Only its parameter is used."""

    made = typer.Typer(add_completion=False)
    made.command()(holder)
    option = typer.main.get_command(made).params[0]
    option.name = name
    return option


class SignalCommand(TyperCommand):
    """Adds `--concentration`, `--top` and so on; those given are in `ctx.meta[GIVEN]`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        declared = _declared()
        taken = {word for parameter in self.params for word in parameter.opts}
        added = [
            _text(name, kind, text)
            for name, (kind, text) in declared.items()
            if _flag(name) not in taken
        ]
        own = self.params
        self.params = [*own, *added]
        try:
            rest = super().parse_args(ctx, args)
        finally:
            self.params = own
        given = {}
        for option in added:
            text = ctx.params.pop(option.name, None)
            if text is not None:
                given[option.name] = text
        ctx.meta[GIVEN] = given
        return rest


def _declared() -> dict[str, tuple[str, str]]:
    """Name -> (kind, help), over all signals; the help names the signals and their defaults."""
    from labelbits import signals

    found: dict[str, tuple[str, str]] = {}
    whose: dict[str, list[str]] = {}
    for name, cls in signals.REGISTRY.items():
        for option, what in signals.options_of(cls).items():
            default = cls.option_default(option)
            own = f"{name}, by dims" if what.by_world else name
            own = own if default is None else f"{name} {default}"
            whose.setdefault(option, []).append(own)
            found.setdefault(option, (what.kind, what.help))
    about_classes = sum(cls.uses_classes for cls in signals.REGISTRY.values())
    for option, those in whose.items():
        kind, text = found[option]
        names = "signals about classes" if len(those) == about_classes > 2 else ", ".join(those)
        found[option] = (kind, f"{text} ({names}).")
    return found


def read_options(name: str, given: dict[str, str]) -> dict[str, Any]:
    """Options given as text, as values of the signal called `name`.

    Raises `InputError` for one that cannot be read. One that the signal does not have stays as it
    is: `signals.make` says which there are.
    """
    from labelbits import signals

    known = signals.options_of(signals.signal_class(name))
    values: dict[str, Any] = {}
    for option, text in given.items():
        try:
            values[option] = known[option].read(text) if option in known else text
        except ValueError as problem:
            raise InputError(f"{_flag(option)} of {name}: {problem}") from None
    return values
