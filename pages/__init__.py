"""The pages people see: book a place, look after a booking or a place on a waiting list, read the API's document.

Words: the *board* is a month of days and a day's slots, each with how full it is; a *draft* is the booking form as it
came back; its *seal* carries the form's Idempotency-Key and when it was made. A link's token travels in a form or in a
cookie for one booking's pages alone, never in an address. Everything works without scripts; they only bring news.
"""
