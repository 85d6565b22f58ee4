/** Limits of single values of the API. */

/** Ids in one request. */
export const idsMax = 500
/** Characters of a comment or reason. */
export const reasonLengthMax = 1000
/** Characters of a desired state, which is at most 1 MB. */
export const yamlLengthMax = 1_000_000
