"""What is not known stays not known: reading such a fact raises, and the verdict is "unknown"."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any, TypeAlias, TypeVar

T = TypeVar("T")
# A value of the type that its field has, or Unknown: only `Fact` tells them apart.
Maybe: TypeAlias = Any


class NotKnownError(Exception):
    """A rule asked for a fact that nobody knows; the text says which, and what would tell it."""


class NotApplicableError(Exception):
    """A rule is not about this resource; the text says why."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Stands in a fact's place; `why` says what is missing."""

    why: str


class Fact:
    """A record whose unknown fields raise NotKnownError when they are read.

    So a rule is written as if all was known, and is three-valued all the same.
    """

    __slots__ = ()

    def __getattribute__(self, name: str) -> Maybe:  # the field's own type, or it raises
        value = object.__getattribute__(self, name)
        if type(value) is Unknown:
            raise NotKnownError(value.why)
        return value


class Values:
    """Attributes of one resource, read with the type that each must have.

    A reader gives the value, the default for null, or Unknown. With `exact`, every attribute is
    expected to be there, as Terraform writes them: one that is not is unknown. Without it one that
    is not there has its default, as in AWS's answers.
    """

    def __init__(
        self, at: str, data: Mapping[str, Maybe], *, exact: bool, later: object = None
    ) -> None:
        self.at = at
        self._data = data
        self._exact = exact
        self._later = later if isinstance(later, Mapping) else {}

    def get(self, name: str, default: object = None) -> Maybe:  # any JSON, or Unknown
        later = self._later.get(name)
        if later is True:
            return Unknown(f"{self.at}: {name} is known only after apply")
        if name not in self._data:
            if self._exact:
                return Unknown(f"{self.at}: {name} is not in the state")
            return default
        value = self._data[name]
        return default if value is None else value

    def decided_later(self, name: str) -> bool:
        """Whether the whole attribute is known only after apply, so nobody has set it."""
        return self._later.get(name) is True

    def text(self, name: str, default: str | None = "", among: Iterable[str] = ()) -> Maybe:
        """A string. One that is none of `among` was made up by a mocked provider: unknown."""
        value = self._typed(name, default, str, int)
        if isinstance(value, Unknown) or value is default:
            return value
        allowed = tuple(among)
        if allowed and str(value) not in allowed:
            return Unknown(f"{self.at}: {name} is {value!r}, none of {', '.join(allowed)}")
        return str(value)

    def number(self, name: str, default: int | None = None) -> Maybe:
        """An integer, also where it is written as a string or with a point."""
        value = self._typed(name, default, int, float, str)
        if isinstance(value, Unknown) or value is default:
            return value
        try:
            return int(float(value))
        except (ValueError, OverflowError):
            return Unknown(f"{self.at}: {name} is {value!r}, not a number")

    def flag(self, name: str, default: bool = False) -> Maybe:
        """True or false, also where it is written as a string."""
        value = self._typed(name, default, bool, str)
        return value.lower() == "true" if isinstance(value, str) else value

    def cidr(self, name: str) -> Maybe:
        """A block of addresses."""
        return block_of(self.at, self.text(name))

    def mapping(self, name: str) -> Maybe:
        """Names and strings."""
        value = self._typed(name, {}, dict)
        return value if isinstance(value, Unknown) else {str(k): str(v) for k, v in value.items()}

    def texts(self, name: str) -> Maybe:
        """A list or set of strings as a tuple, in the order given."""
        value = self._typed(name, [], list)
        if isinstance(value, Unknown):
            return value
        if self._partly(name) or not all(isinstance(one, str) for one in value):
            return Unknown(f"{self.at}: {name} is known only after apply")
        return tuple(value)

    def blocks(self, name: str) -> Maybe:
        """Nested blocks as a tuple of Values; a single one counts as a list of one."""
        value = self._typed(name, [], list, dict)
        if isinstance(value, Unknown):
            return value
        found = value if isinstance(value, list) else [value]
        if not all(isinstance(one, Mapping) for one in found):
            return Unknown(f"{self.at}: {name} holds something else than blocks")
        later = self._later.get(name)
        laters = later if isinstance(later, list) else [later] * len(found)
        laters += [None] * (len(found) - len(laters))
        pairs = zip(found, laters, strict=False)
        return tuple(Values(self.at, b, exact=self._exact, later=late) for b, late in pairs)

    def block(self, name: str) -> Maybe:
        """The only block of that name, an empty one if there is none, or Unknown."""
        found = self.blocks(name)
        if isinstance(found, Unknown):
            return found
        return found[0] if found else Values(self.at, {}, exact=False)

    def relaxed(self) -> "Values":
        """The same, but what is not there has its default: for attributes of newer providers."""
        return Values(self.at, self._data, exact=False, later=self._later)

    def _typed(self, name: str, default: object, *types: type) -> Maybe:
        value = self.get(name, default)
        if value is default or isinstance(value, (Unknown, *types)):
            return value
        return Unknown(f"{self.at}: {name} is {type(value).__name__}, not {types[0].__name__}")

    def _partly(self, name: str) -> bool:
        later = self._later.get(name)
        return isinstance(later, list) and any(later)


def block_of(at: str, cidr: Maybe) -> Maybe:
    """The block of addresses if it is one, else Unknown."""
    if isinstance(cidr, Unknown):
        return cidr
    try:
        return str(ip_network(str(cidr), strict=False))
    except ValueError:
        return Unknown(f"{at}: {cidr!r} is no block of addresses")


def each(found: Maybe, make: Callable[[Maybe], T]) -> Maybe:
    """What `make` gives for each of them as a tuple; Unknown stays Unknown."""
    return found if isinstance(found, Unknown) else tuple(make(one) for one in found)


def within(block: Maybe, read: Callable[[Any], Maybe]) -> Maybe:
    """What is read from a block, which may itself be unknown."""
    return block if isinstance(block, Unknown) else read(block)


def sift(items: Iterable[T], check: Callable[[T], Iterable[Maybe]]) -> Iterator[Maybe]:
    """The problems of all items. Of those with an unknown the first is told, after all others."""
    unknown: NotKnownError | None = None
    for item in items:
        try:
            yield from check(item)
        except NotKnownError as error:
            unknown = unknown or error
    if unknown is not None:
        raise unknown
