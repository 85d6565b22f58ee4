/**
 * What is compared: the `fields` and `duplicates` of one table as the desired state has them, from a file, or fields as
 * they are told from the columns alone.
 */
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { explainIssues } from '../../desired/explain.ts'
import { type Finding, problemOf, problemText } from '../../desired/problem.ts'
import { fieldSchema } from '../../desired/schema/fields.ts'
import { duplicatesSchema, tableSchema } from '../../desired/schema/tables.ts'
import { readSourceText } from '../../desired/source-text.ts'
import { type Positions, readYamlTree } from '../../desired/yaml-tree.ts'
import { OperationalError } from '../../errors.ts'
import type { MatchField } from '../../matching/role.ts'
import type { DeclaredRule } from '../../matching/rules.ts'

/** Columns of a labelled set need not be snake_case, other than declared fields. */
const configSchema = z.strictObject({
  // The rest of a table may stand there too, so that one can be pasted as it is.
  ...Object.fromEntries(Object.keys(tableSchema.shape).map((key) => [key, z.unknown().optional()])),
  fields: z
    .record(z.string().min(1), fieldSchema)
    .refine((fields) => Object.keys(fields).length > 0, 'must declare at least one field')
    .describe('The fields by the names of the columns.'),
  duplicates: duplicatesSchema
    .describe('How duplicates are found; left out, the evidence of all fields decides.')
    .optional(),
})

export interface Config {
  readonly fields: readonly MatchField[]
  readonly rules: readonly DeclaredRule[]
  readonly mergeAutomaticallyFrom: number
  /** Whether fields were told from the columns because no file was given. */
  readonly inferred: boolean
}

const mergeAutomaticallyUsual = 0.95

/** Fields that are told from the columns: all text, so that names and values decide. */
export function inferredConfig(columns: readonly string[]): Config {
  return {
    fields: columns.map((name) => ({ name, type: 'text', rules: [] })),
    rules: [],
    mergeAutomaticallyFrom: mergeAutomaticallyUsual,
    inferred: true,
  }
}

/**
 * Reads a file with the sections of one table. Throws OperationalError DESIRED_STATE_INVALID that names every mistake with
 * its line, and fields that the CSV does not have.
 * @param truthColumn may be declared but is never compared
 */
export function readConfig(path: string, columns: readonly string[], truthColumn: string): Config {
  const tree = treeOf(path)
  const parsed = configSchema.safeParse(tree.value, { reportInput: true })
  const findings = [...tree.findings]
  if (!parsed.success) findings.push(...explainIssues(parsed.error.issues, configSchema, tree.positions))
  else findings.push(...unknownNames(parsed.data, columns, truthColumn, tree.positions))
  if (!parsed.success || findings.length > 0) throw invalid(path, findings)
  const { fields, duplicates } = parsed.data
  return {
    fields: Object.entries(fields)
      .filter(([name, field]) => name !== truthColumn && !field.absent)
      .map(([name, field]) => ({ name, type: field.type, rules: field.standardize })),
    rules: duplicates?.rules ?? [],
    mergeAutomaticallyFrom: duplicates?.mergeAutomaticallyFrom ?? mergeAutomaticallyUsual,
    inferred: false,
  }
}

function treeOf(path: string): { value: unknown; positions: Positions; findings: readonly Finding[] } {
  let bytes: Uint8Array
  try {
    bytes = readFileSync(path)
  } catch (error) {
    throw new OperationalError('USAGE', `${path} cannot be read`, { cause: error })
  }
  const source = readSourceText(bytes)
  if (source.is === 'unreadable') throw invalid(path, source.findings)
  const tree = readYamlTree(source.text)
  if (tree.is === 'broken') throw invalid(path, tree.findings)
  return tree
}

function unknownNames(
  { fields, duplicates }: z.output<typeof configSchema>,
  columns: readonly string[],
  truthColumn: string,
  positions: Positions,
): readonly Finding[] {
  const known = new Set(columns)
  const findings: Finding[] = []
  for (const name of Object.keys(fields))
    if (!known.has(name) && name !== truthColumn)
      findings.push({
        path: ['fields', name],
        at: positions.keyAt(['fields', name]),
        message: 'is no column of the CSV file',
        allowed: columns,
      })
  for (const [index, rule] of (duplicates?.rules ?? []).entries()) {
    const path = ['duplicates', 'rules', index, 'exact' in rule ? 'exact' : 'fuzzy']
    for (const name of 'exact' in rule ? rule.exact : rule.fuzzy)
      if (!(name in fields))
        findings.push({
          path,
          at: positions.valueAt(path),
          message: `names ${name}, which is no declared field`,
          allowed: Object.keys(fields),
        })
      else if (name === truthColumn)
        findings.push({ path, at: positions.valueAt(path), message: `names ${name}, the column that holds the truth` })
  }
  return findings
}

function invalid(path: string, findings: readonly Finding[]): OperationalError {
  const problems = findings.map((finding) => problemText(problemOf(path, finding)))
  return new OperationalError('DESIRED_STATE_INVALID', problems.join('\n'), {
    hint: 'The file holds the fields and duplicates sections of one table, with fields named as the columns are.',
  })
}
