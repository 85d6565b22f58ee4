/** What of package-lock.json, version 3, is looked at. */
export interface Lock {
  readonly packages: Readonly<Record<string, object>>
}
export function lockProblems(lock: Lock, shipped: ReadonlySet<string>): string[]
