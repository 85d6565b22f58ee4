/** Turns zod's issues into findings that a person understands: which branch was meant, what is allowed, what was typed. */
import { z } from 'zod'
import { withoutSecrets } from '../scrub.ts'
import { nearest } from './nearest.ts'
import type { Finding, Path } from './problem.ts'
import { isText, keysOf, nounOf, schemaAt, unwrapped, wordsOf } from './schema-walk.ts'
import { holdsSecrets } from './secret-shapes.ts'
import { snakeCaseOf } from './snake-case.ts'
import type { Positions } from './yaml-tree.ts'

type Issue = z.core.$ZodIssue

/** A finding, and whether it is about a key or a value; the position follows from it. */
interface Explained extends Omit<Finding, 'at'> {
  readonly about: 'key' | 'value'
}

/**
 * Explains issues of `schema.safeParse(value, { reportInput: true })`.
 * @param base the path of the parsed value in the file.
 */
export function explainIssues(
  issues: readonly Issue[],
  schema: z.ZodType,
  positions: Positions,
  base: Path = [],
): Finding[] {
  return withoutEchoes(issues.flatMap((issue) => explain(issue, schema, []))).map(({ about, ...rest }) => {
    const path = [...base, ...rest.path]
    return { ...rest, path, at: about === 'key' ? positions.keyAt(path) : positions.valueAt(path) }
  })
}

/** A mistyped key is one mistake: neither the key that is missing for it is told, nor a rule about the keys together. */
function withoutEchoes(findings: readonly Explained[]): readonly Explained[] {
  const meant = new Set<string>()
  const mistyped = new Set<string>()
  for (const { about, path, didYouMean } of findings) {
    if (about !== 'key' || didYouMean === undefined) continue
    const parent = path.slice(0, -1)
    meant.add(JSON.stringify([...parent, didYouMean]))
    mistyped.add(JSON.stringify(parent))
  }
  return findings.filter(({ path, message }) => {
    const place = JSON.stringify(path)
    if (message.startsWith('is required')) return !meant.has(place)
    return !(message.startsWith('must have') && mistyped.has(place))
  })
}

/** `from` is the schema that the issue's path starts at, `base` the path of that schema. */
function explain(issue: Issue, from: z.ZodType | undefined, base: Path): readonly Explained[] {
  const inner = issue.path.map((step) => (typeof step === 'number' ? step : String(step)))
  const path = [...base, ...inner]
  const schema = schemaAt(from, inner)
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(key, keysOf(schema), [...path, key], issue.input))
    case 'invalid_union':
      return explainUnion(issue, schema, path)
    case 'invalid_key':
      return [
        badName(
          String(path.at(-1)),
          issue.issues[0]?.message ?? 'is no name that can be used here',
          path,
          schemaAt(from, inner.slice(0, -1)),
        ),
      ]
    case 'invalid_value':
      return [badWord(issue, issue.values.map(String), path)]
    case 'invalid_type':
      return [badType(issue, schema, path)]
    default:
      return [badValue(issue, schema, path)]
  }
}

function unknownKey(key: string, allowed: readonly string[], path: Path, siblings: unknown): Explained {
  const used = typeof siblings === 'object' && siblings !== null ? siblings : {}
  const free = allowed.filter((name) => !Object.hasOwn(used, name))
  const meant = nearest(key, free)
  return {
    path,
    about: 'key',
    message: allowed.includes(key) ? 'cannot stand here with the others' : 'is an unknown key',
    allowed: free,
    ...(meant === undefined ? {} : { didYouMean: meant }),
  }
}

/** A name that breaks the pattern of names. */
function badName(name: string, message: string, path: Path, record: z.ZodType | undefined): Explained {
  const inner = unwrapped(record)
  const suggestion = inner instanceof z.ZodRecord ? snakeCase(name, unwrapped(inner.keyType)) : undefined
  return {
    path,
    about: 'key',
    message: `${name === '' ? 'the empty name' : 'the name'} ${message}`,
    ...(suggestion === undefined ? {} : { didYouMean: suggestion }),
  }
}

/** The same name in snake_case, when the schema takes it. */
function snakeCase(name: string, schema: z.ZodType | undefined): string | undefined {
  const suggestion = snakeCaseOf(name)
  return suggestion !== name && schema?.safeParse(suggestion).success === true ? suggestion : undefined
}

/** A value that breaks a pattern, a bound or a rule of its own. */
function badValue(issue: Issue, schema: z.ZodType | undefined, path: Path): Explained {
  const input = issue.input
  const meant =
    typeof input === 'string' && issue.message.startsWith('must be snake_case') ? snakeCase(input, schema) : undefined
  return {
    path,
    about: 'value',
    message: `${phraseOf(issue)}${isScalar(input) ? thisIs(input, path) : ''}`,
    ...(meant === undefined ? {} : { didYouMean: meant }),
  }
}

function badWord(issue: { readonly input?: unknown }, allowed: readonly string[], path: Path): Explained {
  if (issue.input === undefined) {
    return { path, about: 'key', message: 'is required', allowed }
  }
  const meant = typeof issue.input === 'string' ? nearest(issue.input, allowed) : undefined
  return {
    path,
    about: 'value',
    message:
      allowed.length === 1
        ? `must be ${allowed[0]}${thisIs(issue.input, path)}`
        : `must be one of the allowed words${thisIs(issue.input, path)}`,
    ...(allowed.length === 1 ? {} : { allowed }),
    ...(meant === undefined || allowed.length === 1 ? {} : { didYouMean: meant }),
  }
}

function badType(issue: z.core.$ZodIssueInvalidType, schema: z.ZodType | undefined, path: Path): Explained {
  const words = wordsOf(schema)
  if (words.length > 0) return badWord(issue, words, path)
  const noun = issue.expected === 'int' ? 'a whole number' : nounOf(schema)
  if (issue.input === undefined) return { path, about: 'key', message: `is required: ${noun}` }
  const quote =
    isText(schema) && (typeof issue.input === 'number' || typeof issue.input === 'boolean')
      ? '; put it in quotes when it is meant as text'
      : ''
  return { path, about: 'value', message: `must be ${noun}${thisIs(issue.input, path)}${quote}` }
}

/** Our own messages read `must …`; zod's own are put into such words. */
function phraseOf(issue: Issue): string {
  if (!/^(Invalid|Too small|Too big|Unrecognized)/.test(issue.message)) return issue.message
  if (issue.code === 'too_small')
    return sizePhrase(issue.origin, issue.inclusive === false ? 'more than' : 'at least', Number(issue.minimum))
  if (issue.code === 'too_big')
    return sizePhrase(issue.origin, issue.inclusive === false ? 'less than' : 'at most', Number(issue.maximum))
  if (issue.code === 'invalid_format' && issue.format === 'url')
    return 'must be a web address that starts with http:// or https://'
  if (issue.code === 'invalid_format') return `must have the form of ${issue.format}`
  if (issue.code === 'not_multiple_of') return `must be a multiple of ${issue.divisor}`
  return 'is not allowed'
}

function sizePhrase(origin: string, bound: string, count: number): string {
  if (origin === 'string')
    return count === 1 && bound === 'at least' ? 'must not be empty' : `must have ${bound} ${count} characters`
  if (origin === 'array') return `must list ${bound} ${count}`
  return `must be ${bound} ${count}`
}

const isScalar = (input: unknown): boolean => input !== null && typeof input !== 'object'

/** `; this is …`, unless a secret may stand there. */
function thisIs(input: unknown, path: Path): string {
  if (input === null) return '; nothing is written here'
  if (Array.isArray(input)) return '; this is a list'
  if (typeof input === 'object') return '; this is a mapping'
  if (input === undefined) return ''
  if (holdsSecrets(path)) return ''
  if (typeof input !== 'string') return `; this is ${String(input)}`
  if (input === '') return '; this is empty'
  const shown = withoutSecrets(input)
  return `; this is ${JSON.stringify(shown.length > 60 ? `${shown.slice(0, 57)}…` : shown)}`
}

interface Branch {
  readonly schema: z.ZodType | undefined
  readonly issues: readonly Issue[]
}

/** Explains the branch that fits best; where none is near, says what all of them together allow. */
function explainUnion(
  issue: z.core.$ZodIssueInvalidUnion,
  schema: z.ZodType | undefined,
  path: Path,
): readonly Explained[] {
  const inner = unwrapped(schema)
  const options = inner instanceof z.ZodUnion ? inner.options : []
  const branches = issue.errors.map((issues, index) => ({ schema: unwrapped(options[index]), issues }))
  const viable = branches.filter((branch) => !branch.issues.some(isOfAnotherType))
  const words = wordsOf(inner)
  const best = isMapping(issue.input)
    ? bestMapping(viable, issue.input)
    : typeof issue.input === 'string' && words.length > 0
      ? undefined
      : fewestIssues(viable)
  if (best !== undefined) return withoutEchoes(best.issues.flatMap((nested) => explain(nested, best.schema, path)))
  const own = issue.message.startsWith('Invalid')
    ? `must be ${options.map((option) => nounOf(option)).join(' or ')}`
    : issue.message
  const meant = typeof issue.input === 'string' ? nearest(issue.input, words) : undefined
  return [
    {
      path,
      about: issue.input === undefined ? 'key' : 'value',
      message:
        issue.input === undefined
          ? `is required: ${own.replace(/^must be /, '')}`
          : `${own}${isMapping(issue.input) ? '' : thisIs(issue.input, path)}`,
      ...(words.length === 0 ? {} : { allowed: words }),
      ...(meant === undefined ? {} : { didYouMean: meant }),
    },
  ]
}

function isOfAnotherType(issue: Issue): boolean {
  return issue.path.length === 0 && (issue.code === 'invalid_type' || issue.code === 'invalid_value')
}

const isMapping = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function fewestIssues(branches: readonly Branch[]): Branch | undefined {
  return branches.reduce<Branch | undefined>(
    (best, branch) => (best === undefined || branch.issues.length < best.issues.length ? branch : best),
    undefined,
  )
}

/** The branch that knows, or nearly knows, most of the keys; none when no branch knows any, or when keys of several are mixed. */
function bestMapping(branches: readonly Branch[], input: object): Branch | undefined {
  const given = Object.keys(input)
  const scored = branches.map((branch) => {
    const open = branch.schema instanceof z.ZodRecord
    const known = keysOf(branch.schema)
    const exact = given.filter((key) => open || known.includes(key)).length
    const near = given.filter((key) => !known.includes(key) && nearest(key, known) !== undefined).length
    return { branch, exact, score: exact + near / 2 }
  })
  const best = scored.reduce<(typeof scored)[number] | undefined>(
    (top, next) =>
      top === undefined ||
      next.score > top.score ||
      (next.score === top.score && next.branch.issues.length < top.branch.issues.length)
        ? next
        : top,
    undefined,
  )
  if (best === undefined || best.score === 0) return undefined
  const tied = scored.filter(({ score }) => score === best.score).length > 1
  if (tied && given.every((key) => branches.every((branch) => keysOf(branch.schema).includes(key)))) return undefined
  const everyKeyKnownSomewhere = given.every((key) => branches.some((branch) => keysOf(branch.schema).includes(key)))
  return everyKeyKnownSomewhere && best.exact < given.length ? undefined : best.branch
}
