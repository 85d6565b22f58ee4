/** What a generated workspace is made to show: everything at once, as it grows in life, or one thing alone. */
import { type MessLevel, messShare } from './mess.ts'

export const scenarios = ['mixed', 'clean', 'duplicate', 'conflicted', 'malformed', 'corrupted'] as const
/**
 * - `mixed`: what a year of agents leaves behind: all of it together.
 * - `clean`: nothing is wrong; sources and the main table hold the same people in the same spelling.
 * - `duplicate`: people who are in the main table twice, exactly, by e-mail, by a misspelled name, or doubtfully.
 * - `conflicted`: sources and the base disagree with the main table about people whom both know.
 * - `malformed`: values in other forms or unreadable, rows half filled, columns missing, files cut off. No duplicates.
 * - `corrupted`: clean data whose main database file is damaged, as disks, crashes and copying do.
 */
export type Scenario = (typeof scenarios)[number]

/** How much of what a scenario plants: each from 0 to 1. */
export interface PlantedShares {
  /** Of the mess of values, rows, columns and files, and the level that structure is told by. */
  readonly malformed: number
  readonly structure: MessLevel
  readonly duplicate: number
  readonly conflicted: number
}

/** The shares of a scenario at a level of mess. */
export function sharesOf(scenario: Scenario, mess: MessLevel): PlantedShares {
  const share = messShare[mess]
  const none: PlantedShares = { malformed: 0, structure: 'clean', duplicate: 0, conflicted: 0 }
  switch (scenario) {
    case 'mixed':
      return { malformed: share, structure: mess, duplicate: share, conflicted: 0 }
    case 'malformed':
      return { ...none, malformed: share, structure: mess }
    case 'duplicate':
      return { ...none, duplicate: share }
    case 'conflicted':
      return { ...none, conflicted: share }
    case 'clean':
    case 'corrupted':
      return none
  }
}
