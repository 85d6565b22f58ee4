/** Lines of reference pages that are not run here, each with why, and those that are to end with another status than 0 or 2. */

/** By pattern. One that nothing matches fails the test. */
export const notRun: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/^trueup run\b/, 'runs until it is stopped; the lines with curl are asked of one that runs'],
  [/^trueup sandbox\b/, 'runs until it is stopped; the base of the sample is such a one'],
  [/ --follow$/, 'runs until it is stopped'],
  [
    /^(npm (ci|run|test)|npx vitest)\b/,
    'the checkout itself: the build, the tests and the benchmarks; test/tour runs what `npm start` does',
  ],
  [
    /^(sudo|ssh|npm pack\b)/,
    'installs on a machine; test/docs/deploy.test.ts compares it with the unit, test/system/package.test.ts packs and adopts',
  ],
  [/^age |^gunzip |^sqlite3 /, 'programs that not every machine has'],
  [/^nightly-export /, 'stands for a program of the reader’s'],
  [/--identity /, 'needs a private key of age'],
  [
    /^trueup init\b/,
    'takes a folder without a desired state; docs/how-to/adopt.md and the page on consolidation run it',
  ],
  [/--at 20\d\d-/, 'a moment of the page’s; `--at 2h` and the how-to pages run it'],
]

export const statuses: readonly (readonly [pattern: RegExp, status: number, reason: string])[] = [
  [/^trueup alert test ops$/, 1, 'the sample has nobody to tell: the secret of its channel is not set'],
]
