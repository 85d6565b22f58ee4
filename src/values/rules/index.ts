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

export const standardizeRules: ReadonlyMap<string, AnyRule> = new Map(
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
