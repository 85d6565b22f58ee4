/** The standardization rules, by the names that the desired state uses. */
import type { AnyRule } from '../rule.ts'
import { date, datetime } from './calendar.ts'
import { choice } from './choice.ts'
import { companyName } from './company-name.ts'
import { email } from './email.ts'
import { linkedinUrl } from './linkedin-url.ts'
import { personName } from './person-name.ts'
import { phone } from './phone.ts'
import { boolean, number } from './scalar.ts'
import { lowercase, trim, whitespace } from './text.ts'
import { url } from './url.ts'

const rules = new Map<string, AnyRule>(
  [
    email,
    personName,
    companyName,
    url,
    linkedinUrl,
    phone,
    choice,
    date,
    datetime,
    boolean,
    number,
    trim,
    whitespace,
    lowercase,
  ].map((rule) => [rule.name, rule]),
)

/** The rules by name: those of this folder, and those that plug-ins add before anything is read. */
export const standardizeRules: ReadonlyMap<string, AnyRule> = rules

/** Adds the rule of a plug-in, in this thread. Adding it again, as a second workspace of this process does, changes nothing. */
export function addRule(rule: AnyRule): void {
  rules.set(rule.name, rule)
}

/** Names of the rules of this folder, which no plug-in may take. */
export const builtInRules: ReadonlySet<string> = new Set(rules.keys())
