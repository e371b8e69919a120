"""The pages people see: the API's document, and a booking's own page behind its signed link."""
