/**
 * From the text of `desired-state.yaml` to a valid desired state, or to every problem in it at once. An invalid file
 * never yields a state, so that the last valid generation stays in force.
 */
import type { z } from 'zod'
import { explainIssues } from './explain.ts'
import { type Finding, inReadingOrder, type Problem, pathText, problemOf, problemText } from './problem.ts'
import { type Environment, resolveReferences } from './references.ts'
import { type DesiredState, desiredStateSchema } from './schema.ts'
import { secretsIn } from './secret-text.ts'
import { checkMeaning, type PluginChannels, type RuleRegistry } from './semantics.ts'
import { readSourceText } from './source-text.ts'
import { validPart } from './valid-part.ts'
import { type Positions, readYamlTree } from './yaml-tree.ts'

export type { PluginChannels, RuleRegistry } from './semantics.ts'

export interface ParseOptions {
  /** The name that problems carry. */
  readonly file: string
  /** For `${NAME}` references. */
  readonly environment: Environment
  /** The folder that relative paths are meant from and that no path may leave; absolute. */
  readonly workspace: string
  /** The standardization rules that there are, by name. */
  readonly rules: RuleRegistry
  /** The channels that plug-ins add; left out where none are loaded: then their names are not checked. */
  readonly pluginChannels?: PluginChannels | undefined
}

export type ParsedDesiredState =
  | {
      readonly is: 'valid'
      readonly state: DesiredState
      readonly warnings: readonly Problem[]
      readonly positions: Positions
    }
  | { readonly is: 'invalid'; readonly problems: readonly Problem[] }

/** How many problems are told at once. */
const problemsMax = 200

/**
 * Reads and checks a desired state. Total: any text gives one of the two answers.
 *
 * @example
 * const parsed = parseDesiredState(text, { file, environment: process.env, workspace, rules })
 * if (parsed.is === 'invalid') for (const problem of parsed.problems) console.error(problemText(problem))
 */
export function parseDesiredState(source: string | Uint8Array, options: ParseOptions): ParsedDesiredState {
  const readable = readSourceText(source)
  if (readable.is === 'unreadable') return invalid(readable.findings, options)
  const secrets = secretsIn(readable.text)
  const tree = readYamlTree(readable.text)
  if (tree.is === 'broken') return invalid([...secrets, ...tree.findings], options)

  const resolved = resolveReferences(tree.value, options.environment, tree.positions)
  const parsed = desiredStateSchema.safeParse(resolved.value, { reportInput: true })
  const problems = [...secrets, ...tree.findings, ...resolved.problems]
  const issues: readonly z.core.$ZodIssue[] = parsed.error?.issues ?? []
  problems.push(...withoutEchoes(explainIssues(issues, desiredStateSchema, tree.positions), tree.findings))

  const meaningFits = issues.length <= problemsMax
  const state = parsed.success ? parsed.data : meaningFits ? validPart(resolved.value, issues) : undefined
  const meaning =
    state === undefined
      ? { problems: [], warnings: [] }
      : checkMeaning({
          state,
          raw: resolved.value,
          positions: tree.positions,
          workspace: options.workspace,
          rules: options.rules,
          pluginChannels: options.pluginChannels,
        })
  problems.push(...meaning.problems)
  if (problems.length > 0 || !parsed.success) return invalid(problems, options)
  const warnings = told([...resolved.warnings, ...meaning.warnings], options)
  return { is: 'valid', state: parsed.data, warnings, positions: tree.positions }
}

/** A key that YAML reads wrongly is told once: not again as an unknown name, nor as the one that is missing beside it. */
function withoutEchoes(findings: readonly Finding[], read: readonly Finding[]): readonly Finding[] {
  const places = new Set(read.map(({ path }) => pathText(path)))
  const parents = new Set(read.map(({ path }) => pathText(path.slice(0, -1))))
  return findings.filter(
    ({ path, message }) =>
      !places.has(pathText(path)) && !(message.startsWith('is required') && parents.has(pathText(path.slice(0, -1)))),
  )
}

function invalid(findings: readonly Finding[], options: ParseOptions): ParsedDesiredState {
  return { is: 'invalid', problems: told(findings, options) }
}

/** In reading order, each once, the first of too many. */
function told(findings: readonly Finding[], options: ParseOptions): Problem[] {
  const seen = new Set<string>()
  const problems = [...findings]
    .sort((one, other) => inReadingOrder(one.at, other.at))
    .map((finding) => problemOf(options.file, finding))
    .filter((problem) => {
      const text = problemText(problem)
      if (seen.has(text)) return false
      seen.add(text)
      return true
    })
  if (problems.length <= problemsMax) return problems
  const last = problems[problemsMax - 1]
  const rest = problems.length - problemsMax + 1
  return [
    ...problems.slice(0, problemsMax - 1),
    {
      file: options.file,
      line: last?.line ?? 1,
      column: last?.column ?? 1,
      path: '',
      message: `has ${rest} problems more`,
    },
  ]
}
