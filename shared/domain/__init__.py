"""The rules of a support desk as functions of values: no input or output, no clock, no chance."""
