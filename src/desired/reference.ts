/** docs/desired-state.md, made from the descriptions in the zod schema: every key, type, default and example. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are written like that.
import { z } from 'zod'
import { canonicalJson, type JsonObject, type JsonValue } from '../json.ts'
import { fieldTypes } from '../values/field-type.ts'
import { defaultAirtableType, writableAirtableTypes } from './airtable-types.ts'
import { jsonSchemaOf, objectOf } from './json-schema.ts'
import { desiredStateSchema } from './schema.ts'
import type { RuleRegistry } from './semantics.ts'
import { fileBytesMax } from './source-text.ts'
import { aliasesMax, nestingMax } from './yaml-tree.ts'

/** The text of docs/desired-state.md. */
export function renderReference(rules: RuleRegistry): string {
  const nodes = nodesOf(jsonSchemaOf(desiredStateSchema), [])
  const paths = [...new Set(nodes.map(({ path }) => path))]
  const places = paths.map((path) => renderPlace(nodes.filter((node) => node.path === path)))
  return [introduction, ...places, renderFieldTypes(), renderRules(rules)].join('\n\n').concat('\n')
}

const introduction = `# desired-state.yaml: the reference

<!-- Made from the descriptions in src/desired/schema by \`npm run generate:schemas\`; do not edit by hand. -->

One file says what is to be kept true. Everything that it may hold stands below; unknown keys are errors. The first line
of the file can tell editors its schema, which gives completion and checks while typing:

\`\`\`yaml
# yaml-language-server: $schema=./desired-state.schema.json
\`\`\`

**Checks.** Every problem is told at once, as \`file:line:column: path: what is wrong; allowed: …; did you mean …?\`. A file
that is invalid changes nothing: the last valid generation stays in force. \`trueup validate\` runs the checks alone.
Besides the form, the meaning is checked: names of fields, tables, databases, channels and rules must be declared, no
table or Airtable field may have two owners, defaults and choices must fit their type, an Airtable type must be able to
hold its field, services may not wait for each other in a circle, and names may not clash in SQLite or GraphQL.

**Bounds.** ${fileBytesMax.toLocaleString('en')} bytes, ${nestingMax} levels of nesting, ${aliasesMax} uses of aliases, one YAML 1.2 document in UTF-8 without tags.

**References.** \`\${NAME}\` and \`\${NAME:-default}\` take an environment variable, in paths, commands, environments and
import patterns. A variable that is set but empty counts as not set. \`$\${\` stands for the characters \`\${\`.

**Secrets** are never written in the file, only where they are found: \`{ env: NAME }\` or \`{ file: path }\`. They are read at
the moment of use. Text that looks like a token anywhere in the file, comments included, is an error.

**Paths** are relative to the workspace, the folder of the file, and may not leave it. Only files of secrets and \`pidFile\`
may lie elsewhere.

**Values.** Durations are \`500ms\`, \`30s\`, \`5m\`, \`24h\`, \`7d\`, \`2w\`; sizes \`256MB\` or \`1GiB\`; percentages \`95%\` or \`95\`. A
cron line has five fields (minute, hour, day of the month, month, day of the week), or six with the second first.

**Removing an entry** means that it is no longer managed; nothing is dropped. \`absent: true\` asks for a removal, which is
gated and undoable. \`renamedFrom\` moves the data. A file that suddenly declares much less waits for approval: when all
tables are gone, a database that had tables, more than half of four or more entries, or more than half of the four or
more fields of a table.`

/** One mapping of the file with its keys; a place that takes several forms has a node for each. */
interface Node {
  readonly path: string
  readonly description: string | undefined
  readonly properties: JsonObject
  readonly required: readonly string[]
}

/** The mappings at a place and below, in the order of the schema. */
function nodesOf(schema: JsonObject, path: readonly string[], described?: string): readonly Node[] {
  const description = textOf(schema.description) ?? described
  const forms = formsOf(schema)
  const own = forms.flatMap((form) =>
    form.properties === undefined
      ? []
      : [
          {
            path: path.join('.'),
            description,
            properties: objectOf(form.properties),
            required: stringsOf(form.required),
          },
        ],
  )
  const below = forms.flatMap((form) => [
    ...Object.entries(form.properties === undefined ? {} : objectOf(form.properties)).flatMap(([name, child]) =>
      nodesOf(objectOf(child), [...path, name]),
    ),
    ...(isObject(form.additionalProperties)
      ? nodesOf(form.additionalProperties, [...path, '<name>'], description)
      : []),
    ...(isObject(form.items) && !forms.some((other) => sameKeys(other, form.items))
      ? nodesOf(form.items, [...path.slice(0, -1), `${path.at(-1)}[]`], description)
      : []),
  ])
  return [...own, ...below]
}

/** What may stand at a place; secrets are explained once, in the introduction. */
function formsOf(schema: JsonObject): readonly JsonObject[] {
  if (schema.title === 'secret') return []
  return Array.isArray(schema.anyOf) ? schema.anyOf.map(objectOf).flatMap(formsOf) : [schema]
}

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Whether a list's items are what may also stand there alone. */
const sameKeys = (form: JsonObject, items: JsonValue | undefined): boolean =>
  form.properties !== undefined &&
  isObject(items) &&
  canonicalJson(form.properties) === canonicalJson(items.properties ?? null)

const textOf = (value: JsonValue | undefined): string | undefined => (typeof value === 'string' ? value : undefined)

const stringsOf = (value: JsonValue | undefined): readonly string[] => z.array(z.string()).default([]).parse(value)

/** One place: its heading and a table for each form that it takes. */
function renderPlace(nodes: readonly Node[]): string {
  const [{ path, description } = { path: '', description: undefined }] = nodes
  const top = path.split('.').length === 1 || /^[^.]+\.<name>$/.test(path)
  const heading = path === '' ? '## The file' : `${top ? '##' : '###'} \`${path}\``
  const about = description === undefined || path === '' ? [] : [description]
  return [heading, ...about, nodes.map(renderTable).join('\n\nor\n\n')].join('\n\n')
}

function renderTable(node: Node): string {
  const rows = Object.entries(node.properties).map(([name, child]) => {
    const schema = objectOf(child)
    const fallback = node.required.includes(name) ? 'required' : code(schema.default)
    return `| \`${name}\` | ${typeOf(schema)} | ${fallback} | ${meaningOf(schema)} |`
  })
  return ['| key | type | default | meaning |', '|---|---|---|---|', ...rows].join('\n')
}

function meaningOf(schema: JsonObject): string {
  const examples = Array.isArray(schema.examples) ? schema.examples.map(code).join(' · ') : ''
  const text = textOf(schema.description) ?? ''
  return cell(examples === '' ? text : `${text} Example: ${examples}`)
}

/** What may be written, in the words that messages use too. */
function typeOf(schema: JsonObject): string {
  if (schema.const !== undefined) return code(schema.const)
  if (Array.isArray(schema.enum)) return schema.enum.map(code).join(' · ')
  if (typeof schema.title === 'string') return schema.title
  if (Array.isArray(schema.anyOf)) return [...new Set(schema.anyOf.map((form) => typeOf(objectOf(form))))].join(' or ')
  switch (schema.type) {
    case 'string':
      return 'text'
    case 'integer':
      return 'whole number'
    case 'boolean':
      return '`true` · `false`'
    case 'null':
      return '`null`'
    case 'array':
      return isObject(schema.items) ? `list of ${typeOf(schema.items)}` : 'list'
    case 'object':
      return schema.properties === undefined ? 'mapping by name' : 'mapping'
    default:
      return Array.isArray(schema.type)
        ? schema.type.map((type) => typeOf({ type })).join(' or ')
        : (textOf(schema.type) ?? 'any')
  }
}

function code(value: JsonValue | undefined): string {
  if (value === undefined || (isObject(value) && Object.keys(value).length === 0)) return ''
  if (Array.isArray(value) && value.length === 0) return ''
  return `\`${cell(typeof value === 'string' ? value : flow(value))}\``
}

/** A value as it would be written on one line of YAML. */
function flow(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`
  if (isObject(value))
    return `{ ${Object.entries(value)
      .map(([name, item]) => `${name}: ${flow(item)}`)
      .join(', ')} }`
  return typeof value === 'string' && !/[{}[\],:#&*!|>'"%@`]/.test(value) ? value : JSON.stringify(value)
}

const cell = (text: string): string => text.replaceAll('|', '\\|')

function renderFieldTypes(): string {
  const rows = fieldTypes.map((type) => {
    const others = writableAirtableTypes(type).slice(1)
    return `| \`${type}\` | \`${defaultAirtableType(type)}\` | ${others.map((other) => `\`${other}\``).join(' · ')} |`
  })
  return [
    '## Field types and Airtable',
    '',
    'What a field is in Airtable when its entry names no type, and what else can hold it without loss. Types that Airtable',
    'computes (`formula`, `rollup`, `count`, `autoNumber`, `createdTime` and the like) can be pulled with `direction: pull`.',
    '',
    '| type | Airtable | also possible |',
    '|---|---|---|',
    ...rows,
    '',
    '`doNotContact` is `boolean` with a meaning of its own: see [do-not-contact.md](do-not-contact.md).',
  ].join('\n')
}

function renderRules(rules: RuleRegistry): string {
  const rows = [...rules.values()].map(({ name, summary, optionsSchema }) => {
    const { properties } = jsonSchemaOf(optionsSchema)
    const options = Object.entries(properties === undefined ? {} : objectOf(properties)).map(([option, child]) => {
      const schema = objectOf(child)
      const fallback = code(schema.default)
      const text = textOf(schema.description)
      return `\`${option}\`: ${cell(typeOf(schema))}${fallback === '' ? '' : `, default ${fallback}`}${text === undefined ? '' : `. ${cell(text)}`}`
    })
    return `| \`${name}\` | ${cell(summary).replaceAll('<', '&lt;')} | ${options.join('<br>')} |`
  })
  return [
    '## Standardization rules',
    '',
    'For `standardize`: a name, `{ name: { option: value } }`, or a list of these, applied in order.',
    '',
    '| rule | gives | options |',
    '|---|---|---|',
    ...rows,
  ].join('\n')
}
