"""Commands for those who run or build Docket."""
