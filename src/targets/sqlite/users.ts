/** The services of Trueup that use a database, as whoever puts another file in its place sees them. */
export interface DatabaseUsers {
  /** Names of the services that say so (`dependsOn`) and that Trueup may stop. */
  namesOf(database: string): readonly string[]
  /** Whether a process is part of one of them. */
  owns(database: string, pid: number): boolean
  /**
   * Stops them, and keeps any of them from being started while `work` goes on. With `again` they are started as soon as it
   * has ended, however that was; without, and after a crash, their own next look does so, once the database is usable.
   * Throws PROCESS_NOT_ENDED.
   */
  aside<Result>(
    database: string,
    how: { readonly why: string; readonly again: boolean; readonly signal: AbortSignal },
    work: () => Promise<Result>,
  ): Promise<Result>
}

/** Where no services are. */
export const noUsers: DatabaseUsers = {
  namesOf: () => [],
  owns: () => false,
  aside: (_database, _how, work) => work(),
}

/** For the person who approves; empty where nobody is stopped. */
export function stopFindings(
  names: readonly string[],
  how = 'stopped before it and started again after it',
): readonly { readonly code: 'stops-services'; readonly count: number; readonly message: string }[] {
  if (names.length === 0) return []
  const message = `${how}: ${names.join(', ')}`
  return [{ code: 'stops-services', count: names.length, message }]
}
