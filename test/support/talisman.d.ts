/** The part of talisman, an oracle of tests, that is used; the package has no types of its own. */
declare module 'talisman/metrics/jaro-winkler.js' {
  export function custom(options: { boostThreshold?: number }, one: string, other: string): number
}
