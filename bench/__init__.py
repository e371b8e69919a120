"""The rush, and what it is compared with: load scripts for wrk, and two textbook services that sell the same places."""
