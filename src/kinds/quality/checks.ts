/** The checks that a table's declaration asks for, in the order of its fields. Pure. */
import { alike } from './checks/alike.ts'
import type { Check, GroupCheck, RowCheck } from './checks/check.ts'
import { consistent } from './checks/consistent.ts'
import { notBefore, notInFuture, ordered } from './checks/dates.ts'
import { filler } from './checks/filler.ts'
import { forbidden } from './checks/forbidden.ts'
import { format } from './checks/format.ts'
import { greets } from './checks/greeting.ts'
import { implied } from './checks/implied.ts'
import { written } from './checks/language.ts'
import { length } from './checks/length.ts'
import { ofBusiness, personal, spelledDomain } from './checks/mailbox.ts'
import { mentions } from './checks/mentions.ts'
import { missing } from './checks/missing.ts'
import { pattern } from './checks/pattern.ts'
import { placeholder } from './checks/placeholder.ts'
import { repeated } from './checks/repeated.ts'
import { sameCountry } from './checks/same-country.ts'
import { sameDomain } from './checks/same-domain.ts'
import { sameName } from './checks/same-name.ts'
import type { QualityField, QualitySpec } from './spec.ts'

/** All of them; each has an id of its own. */
export function checksOf(spec: QualitySpec, nowMs: number): readonly Check[] {
  const checks = [
    ...spec.fields.flatMap((field) => fieldChecks(field, spec, nowMs)),
    ...spec.consistent.flatMap(({ by, fields }) => fields.map((field) => consistent(by, field))),
    ...spec.implies.map(implied),
    ...spec.ordered.map(ordered),
    ...spec.sameDomain.map(([one = '', other = '']) => sameDomain(one, other)),
    ...spec.sameCountry.map((pair) => sameCountry(...typedFirst(pair, spec, 'phone'))),
    ...spec.sameName.map((pair) => {
      const [email, name] = typedFirst(pair, spec, 'email')
      return sameName(name, email)
    }),
  ].filter((check) => check !== undefined)
  const seen = new Map<string, number>()
  return checks.map((check) => {
    const before = seen.get(check.id) ?? 0
    seen.set(check.id, before + 1)
    // Two declarations may say the same of the same fields.
    return before === 0 ? check : { ...check, id: `${check.id}.${before + 1}` }
  })
}

/** A pair with the field of a type first, in whichever order it was declared. */
function typedFirst([one = '', other = '']: readonly string[], { fields }: QualitySpec, type: QualityField['type']) {
  const isOther = fields.some((field) => field.name === other && field.type === type)
  return isOther ? ([other, one] as const) : ([one, other] as const)
}

function fieldChecks(field: QualityField, spec: QualitySpec, nowMs: number): (Check | undefined)[] {
  const { name, quality } = field
  return [
    spec.completeness[name] === undefined ? undefined : missing(name),
    name === spec.key ? undefined : format(field),
    field.fillers ? filler(field) : undefined,
    ...(quality === null
      ? []
      : [
          quality.minLength === null && quality.maxLength === null
            ? undefined
            : length(name, quality.minLength, quality.maxLength),
          ...quality.mentions.map((mentioned) => mentions(name, mentioned)),
          quality.forbids.length === 0 ? undefined : forbidden(name, quality.forbids),
          quality.placeholders ? placeholder(name) : undefined,
          quality.pattern === null ? undefined : pattern(name, quality.pattern),
          quality.notInFuture ? notInFuture(name, nowMs) : undefined,
          quality.notBefore === null ? undefined : notBefore(name, quality.notBefore),
          quality.repeats > 0 ? repeated(name, quality.repeats) : undefined,
          quality.greets === null ? undefined : greets(name, quality.greets),
          quality.language === null ? undefined : written(name, quality.language),
          quality.roleMailboxes ? personal(name) : undefined,
          quality.freeMailers ? ofBusiness(name) : undefined,
          quality.misspeltDomains ? spelledDomain(name) : undefined,
          quality.alike > 0 ? alike(name, quality.alike) : undefined,
        ]),
  ]
}

/** What the field of a check counts in scores beside others, as declared. */
export function weightOf({ field }: Pick<Check, 'field'>, { weights }: QualitySpec): number {
  return field === null ? 1 : (weights[field] ?? 1)
}

export function rowChecksOf(checks: readonly Check[]): readonly RowCheck[] {
  return checks.filter((check) => check.is === 'row')
}

export function groupChecksOf(checks: readonly Check[]): readonly GroupCheck[] {
  return checks.filter((check) => check.is === 'group')
}
