/**
 * Loads the declared plug-ins. `import 'trueup'` in them means this very program, wherever it is installed, so that errors
 * are of the same classes.
 */
import { existsSync } from 'node:fs'
import { register } from 'node:module'
import { isAbsolute, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isMap, parseDocument } from 'yaml'
import { z } from 'zod'
import type { Clock } from '../clock.ts'
import { pluginSchema } from '../desired/schema/plugins.ts'
import type { DesiredState } from '../desired/schema.ts'
import type { Kind } from '../engine/kind.ts'
import type { ChannelDefinition, PluginContext, PluginModule, RuleDefinition } from '../engine/plugin.ts'
import { messageOf, OperationalError } from '../errors.ts'
import { hashOf } from '../json.ts'
import { addRule } from '../values/rules/index.ts'
import { ruleOf } from './plugin-rule.ts'

/** One entry of `plugins`. */
export interface PluginEntry {
  readonly name: string
  /** Relative to the workspace. */
  readonly module: string
}

export interface PluginsOptions {
  readonly entries: readonly PluginEntry[]
  /** Absolute. */
  readonly workspace: string
  readonly clock: Clock
  /** Names that are there. */
  readonly taken: { readonly kinds: ReadonlySet<string>; readonly rules: ReadonlySet<string> }
}

/** What the plug-ins add. Their rules are known to `standardizeRules` of this thread. */
export interface Plugged {
  readonly kinds: readonly Kind[]
  readonly rules: readonly string[]
  readonly channels: ReadonlyMap<string, ChannelDefinition>
}

/** What of a desired state the loaded plug-ins depend on: another one is taken up by the next start. */
export function pluginsHash(entries: readonly PluginEntry[]): string {
  return hashOf(Object.fromEntries(entries.map(({ name, module }) => [name, module])))
}

export function pluginEntries({ plugins }: DesiredState): readonly PluginEntry[] {
  return Object.entries(plugins).map(([name, { module }]) => ({ name, module }))
}

/**
 * The plug-ins that a text declares, whatever else is wrong with it: its rules must be known before it can be checked. An
 * entry that is wrong, or lies outside of the workspace, is left to the check, and is not loaded. Undefined: it is no YAML.
 */
export function declaredPlugins(text: string, workspace: string): readonly PluginEntry[] | undefined {
  const document = parseDocument(text, { logLevel: 'silent' })
  if (document.errors.length > 0) return undefined
  const plugins = document.get('plugins', true)
  if (!isMap(plugins)) return []
  const found = z.record(z.string(), z.unknown()).safeParse(plugins.toJS(document, { maxAliasCount: 0 }))
  return Object.entries(found.data ?? {}).flatMap(([name, entry]) => {
    const parsed = pluginSchema.safeParse(entry)
    if (!parsed.success) return []
    const { module } = parsed.data
    const inside = relative(workspace, resolve(workspace, module))
    return inside.startsWith('..') || isAbsolute(inside) ? [] : [{ name, module }]
  })
}

/** Loads them. Throws PLUGIN_UNUSABLE naming the plug-in. */
export async function loadPlugins({ entries, workspace, clock, taken }: PluginsOptions): Promise<Plugged> {
  const kinds: Kind[] = []
  const rules: string[] = []
  const channels = new Map<string, ChannelDefinition>()
  if (entries.length === 0) return { kinds, rules, channels }
  nameOurselves()
  const kindNames = new Set(taken.kinds)
  for (const { name, module } of entries) {
    const context: PluginContext = { name, workspace, clock, settingsIn: (desired) => desired.plugins[name]?.settings }
    const parts = await partsOf(name, resolve(workspace, module), context)
    for (const kind of parts.kinds) {
      if (kindNames.has(kind.name)) throw unusable(name, `its kind ${kind.name} has a name that is taken`)
      kindNames.add(kind.name)
      kinds.push(kind)
    }
    for (const rule of parts.rules) {
      if (taken.rules.has(rule.name) || rules.includes(rule.name))
        throw unusable(name, `its rule ${rule.name} has a name that is taken`)
      rules.push(rule.name)
      addRule(ruleOf(rule))
    }
    for (const channel of parts.channels) {
      if (channels.has(channel.name)) throw unusable(name, `its channel ${channel.name} has a name that is taken`)
      channels.set(channel.name, channel)
    }
  }
  return { kinds, rules, channels }
}

interface Parts {
  readonly kinds: readonly Kind[]
  readonly rules: readonly RuleDefinition[]
  readonly channels: readonly ChannelDefinition[]
}

async function partsOf(name: string, file: string, context: PluginContext): Promise<Parts> {
  if (!existsSync(file)) throw unusable(name, `there is no ${file}`)
  let made: unknown
  try {
    const { default: module }: { default?: unknown } = await import(pathToFileURL(file).href)
    if (!isPluginModule(module)) throw unusable(name, 'its module has no function as its default export')
    made = await module(context)
  } catch (error) {
    if (error instanceof OperationalError) throw error
    throw unusable(name, messageOf(error), error)
  }
  const kinds = listIn(made, 'kinds', name).map((kind) => {
    const missing = missingIn(kind)
    if (missing !== undefined) throw unusable(name, `one of its kinds lacks ${missing}`)
    if (!isKind(kind)) throw unusable(name, 'one of its kinds is none')
    return kind
  })
  const rules = listIn(made, 'rules', name).map((rule) => {
    if (!isRule(rule)) throw unusable(name, 'one of its rules lacks name, version, summary or standardize')
    return rule
  })
  const channels = listIn(made, 'channels', name).map((channel) => {
    if (!isChannel(channel)) throw unusable(name, 'one of its channels lacks name, summary or send')
    return channel
  })
  if (kinds.length + rules.length + channels.length === 0)
    throw unusable(name, 'it gives no kinds, no rules and no channels')
  return { kinds, rules, channels }
}

/** Undefined is an empty list. */
function listIn(made: unknown, part: 'kinds' | 'rules' | 'channels', name: string): readonly unknown[] {
  const list: unknown = typeof made === 'object' && made !== null ? Reflect.get(made, part) : undefined
  if (list === undefined) return []
  if (!Array.isArray(list)) throw unusable(name, `its ${part} are no list`)
  return list
}

const functionSchema = z.custom((value) => typeof value === 'function')

const ruleSchema = z.object({
  name: z.string().regex(/^[a-z][a-z0-9_]*$/),
  version: z.int().min(1),
  summary: z.string().min(1),
  standardize: functionSchema,
  options: functionSchema.optional(),
  siblings: functionSchema.optional(),
})

function isRule(rule: unknown): rule is RuleDefinition {
  return ruleSchema.safeParse(rule).success
}

const channelSchema = z.object({
  name: z.string().regex(/^[a-z][a-z-]*$/),
  summary: z.string().min(1),
  send: functionSchema,
})

function isChannel(channel: unknown): channel is ChannelDefinition {
  return channelSchema.safeParse(channel).success
}

const functions = [
  'list',
  'observe',
  'diff',
  'plan',
  'checkpoint',
  'apply',
  'probe',
  'planUndo',
  'health',
  'describe',
] as const

/** The first part of the interface that something lacks. */
function missingIn(kind: unknown): string | undefined {
  if (typeof kind !== 'object' || kind === null) return 'everything'
  if (!('name' in kind && typeof kind.name === 'string' && /^[a-z][a-z-]*$/.test(kind.name)))
    return 'a name of lower-case letters and hyphens'
  if (!('category' in kind && typeof kind.category === 'string')) return 'category'
  return functions.find((name) => typeof Reflect.get(kind, name) !== 'function')
}

function isKind(kind: unknown): kind is Kind {
  return missingIn(kind) === undefined
}

function isPluginModule(module: unknown): module is PluginModule {
  return typeof module === 'function'
}

function unusable(name: string, why: string, cause?: unknown): OperationalError {
  return new OperationalError('PLUGIN_UNUSABLE', `the plug-in ${name} cannot be used: ${why}`, { cause })
}

let isNamed = false

/** Has `trueup` resolved to this program in everything that is loaded from here on. */
function nameOurselves(): void {
  if (isNamed) return
  isNamed = true
  const own = new URL('../engine/plugin.js', import.meta.url).href
  const hook = `export const resolve = (name, context, next) =>
    name === 'trueup' ? { url: ${JSON.stringify(own)}, shortCircuit: true } : next(name, context)`
  register(`data:text/javascript,${encodeURIComponent(hook)}`)
}
