import { z } from 'zod'
import { OperationalError } from '../../errors.ts'
import { type ChoiceFinder, choiceFinder, listParts } from '../choices.ts'
import { defineRule, type RuleField, type Standardized, settled, unmendable } from '../rule.ts'
import { clean } from '../whitespace.ts'

const options = z.strictObject({
  /** Other words for a declared choice. Case, spaces, hyphens and underscores never count. */
  aliases: z.record(z.string().min(1), z.string().min(1)).default({}),
})

/** Choices: the declared spelling. The field's choices are those of the desired state; unknown values are reported. */
export const choice = defineRule({
  name: 'choice',
  version: 1,
  summary: 'The declared spelling of a choice; aliases are mapped, unknown values reported.',
  options,
  prepare({ aliases }, field) {
    const choices = choicesOf(field, aliases)
    const find = choiceFinder(choices, aliases)
    if (field.type === 'choices') return (value) => standardizeList(value, find)
    return (value) => {
      const found = find(clean(value))
      return found === undefined
        ? unmendable('is none of the declared choices')
        : settled(value, found, 'declared choice')
    }
  },
})

function choicesOf(field: RuleField, aliases: Readonly<Record<string, string>>): readonly string[] {
  if (field.choices === undefined) return [...new Set(Object.values(aliases))]
  const declared = field.choices
  const stray = Object.values(aliases).find((target) => !declared.includes(target))
  if (stray === undefined) return declared
  throw new OperationalError(
    'DESIRED_STATE_INVALID',
    `standardize.choice.aliases: ${JSON.stringify(stray)} is no choice of the field; allowed are ${declared.join(', ')}`,
  )
}

function standardizeList(value: string, find: ChoiceFinder): Standardized {
  const found: string[] = []
  for (const part of listParts(value)) {
    const choice = find(clean(part))
    if (choice === undefined) return unmendable('has a part that is none of the declared choices')
    if (!found.includes(choice)) found.push(choice)
  }
  return settled(value, JSON.stringify(found), 'declared choices')
}
