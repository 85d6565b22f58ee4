import fc from 'fast-check'

/** One seed, so that a second run says the same, and no search for the smallest example of a change that is noticed. */
fc.configureGlobal({ seed: 20261127, endOnFailure: true })
