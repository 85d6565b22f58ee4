/** What a form that is right can still get wrong: names of nothing, two owners of one thing, values that do not fit. */
import type { Finding } from './problem.ts'
import { checkOf, type MeaningInput } from './semantics/check.ts'
import { checkDatabases } from './semantics/databases.ts'
import { checkImports, checkMappings } from './semantics/mappings.ts'
import { checkOperations } from './semantics/operations.ts'
import { checkTables } from './semantics/tables.ts'

export type { PluginChannels, RuleRegistry } from './semantics/check.ts'

export interface Meaning {
  readonly problems: readonly Finding[]
  /** Told, but the state is accepted. */
  readonly warnings: readonly Finding[]
}

/** Runs every check of meaning. Pure. */
export function checkMeaning(input: MeaningInput): Meaning {
  const check = checkOf(input)
  checkDatabases(check)
  checkTables(check)
  checkMappings(check)
  checkImports(check)
  checkOperations(check)
  return check.found
}
