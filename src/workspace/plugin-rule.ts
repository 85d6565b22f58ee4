/** The rule of a plug-in as a rule of ours: held to the same law, whatever the plug-in does. */
import { z } from 'zod'
import type { RuleDefinition } from '../engine/plugin.ts'
import { messageOf } from '../errors.ts'
import type { JsonObject } from '../json.ts'
import { type AnyRule, defineRule, settled, unmendable } from '../values/rule.ts'

const unstable = 'is changed to and fro by its rule'

/** What it throws, or gives that is no text, is no canonical form; what it would change again is reported, not written. */
export function ruleOf(definition: RuleDefinition): AnyRule {
  const { name, version, summary } = definition
  return defineRule<JsonObject>({
    name,
    version,
    summary,
    options: optionsSchema(definition),
    siblings: (options) => definition.siblings?.(options) ?? [],
    prepare: (options) => (value, context) => {
      try {
        const first: unknown = definition.standardize(value, options, context)
        if (typeof first !== 'string') return unmendable(reasonOf(first))
        if (first !== value && definition.standardize(first, options, context) !== first) return unmendable(unstable)
        return settled(value, first, name.replaceAll('_', ' '))
      } catch (error) {
        return unmendable(`cannot be read by its rule: ${messageOf(error)}`)
      }
    },
  })
}

function reasonOf(given: unknown): string {
  const told = typeof given === 'object' && given !== null && 'unmendable' in given ? given.unmendable : undefined
  return typeof told === 'string' ? told : 'its rule gives no text for it'
}

function optionsSchema(definition: RuleDefinition): z.ZodType<JsonObject> {
  if (definition.options === undefined) return z.strictObject({})
  return z.record(z.string(), z.json()).transform((given, context): JsonObject => {
    try {
      return definition.options?.(given) ?? {}
    } catch (error) {
      context.addIssue({ code: 'custom', message: messageOf(error) })
      return z.NEVER
    }
  })
}
