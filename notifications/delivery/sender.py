"""One call to the mailer and what became of it: a *parcel* is a letter, or a batch of them that goes as one."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

from core.clock import Clock
from core.mongo.failures import DatabaseError
from notifications.delivery.throttle import Pace
from notifications.errors import BatchRefused, MailerAway, TryLater, Undeliverable
from notifications.mailers import BatchMailer, Mailer
from notifications.outbox.model import Batch, Letter, Message, Outcome, Result, State, may_have_arrived, next_try

Render = Callable[[Letter], Message]
TOO_LATE = "interrupted a day ago: it may have arrived"


@dataclass(frozen=True)
class Parcel:
    """What goes in one call: `letters` of the lease in hand, and, of a `batch`, all its letters as `whole`.

    `messages` are those of `whole` where they have been made already.
    """

    letters: Sequence[Letter]
    batch: Batch | None = None
    whole: Sequence[Letter] = ()
    messages: Sequence[Message] = ()

    @property
    def is_new(self) -> bool:
        """Return whether nobody can have sent it yet."""
        return all(letter.was is State.QUEUED for letter in self.letters)


@dataclass(frozen=True)
class Sender:
    """Hands parcels over and says how their letters fared."""

    mailer: Mailer
    render: Render
    clock: Clock
    pace: Pace

    def outcomes(self, parcel: Parcel, has_turn: Callable[[], bool]) -> list[Outcome]:
        """Send `parcel` if `has_turn` and say how each of its letters fared; raises nothing."""
        try:
            late = [letter for letter in parcel.letters if not parcel.batch and may_have_arrived(letter, self.clock())]
            if late:
                return [Outcome(letter, Result.DEAD, TOO_LATE) for letter in late]
            if not has_turn():
                return _untried(parcel)
            outcomes = self._handed_over(parcel)
        except BatchRefused as error:
            now = self.clock()
            outcomes = [Outcome(each, Result.POSTPONED, str(error), now, apart=True) for each in parcel.letters]
        except Undeliverable as error:
            outcomes = [Outcome(letter, Result.DEAD, str(error)) for letter in parcel.letters]
        except MailerAway as error:
            self.pace.trouble(error.after)
            return self._later(parcel, str(error), error.after)
        except TryLater as error:
            outcomes = self._later(parcel, str(error))
        except DatabaseError:
            return _untried(parcel)
        except Exception as error:  # a bug in one letter must not hold up the others, and may be mended within the day
            return self._later(parcel, f"cannot be made: {_without_words(error)}")
        self.pace.well()
        return outcomes

    def _handed_over(self, parcel: Parcel) -> list[Outcome]:
        if not parcel.batch:
            (letter,) = parcel.letters
            return [Outcome(letter, Result.SENT, provider_id=self.mailer.send(self.render(letter)))]
        messages = parcel.messages or [self.render(letter) for letter in parcel.whole]
        ids = cast("BatchMailer", self.mailer).send_batch(messages, parcel.batch.key)
        taken = zip(parcel.whole, ids, strict=True)
        return [Outcome(each, Result.SENT, provider_id=own) for each, own in taken if each.state is not State.SENT]

    def _later(self, parcel: Parcel, reason: str, asked: float | None = None) -> list[Outcome]:
        """Return that each letter is to be tried again, those of a batch together, or is dead after its day."""
        now = self.clock()
        tries = {letter.id: next_try(letter, now, asked) for letter in parcel.letters}
        until = min((each for each in tries.values() if each), default=None)
        apart = not parcel.batch
        return [
            Outcome(letter, Result.POSTPONED, reason, until, apart=apart)
            if tries[letter.id]
            else Outcome(letter, Result.DEAD, reason, apart=apart)
            for letter in parcel.letters
        ]


def _untried(parcel: Parcel) -> list[Outcome]:
    """Return that nothing was tried now; a batch that was not tried before either is one no more."""
    apart = not parcel.batch or parcel.is_new
    return [Outcome(letter, Result.UNTRIED, apart=apart) for letter in parcel.letters]


def _without_words(error: Exception) -> str:
    """Return kind and place of `error`; its message might quote a person."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {place.name}:{place.lineno}"
