/** How well sampled values suit a field: what a column holds speaks as loud as its name. */
import { readMoment } from '../../values/calendar.ts'
import { coerce, isValid } from '../../values/coerce.ts'
import { linkedInKey, phoneKey } from '../../values/match-key.ts'
import { readWebAddress } from '../../values/web-address.ts'
import { clean } from '../../values/whitespace.ts'
import { coerceFieldOf } from './lead-reader.ts'
import type { JudgeFit } from './mapping.ts'
import type { SourceValue } from './source-row.ts'
import { type IntoField, type IntoTable, rolesOf } from './spec.ts'

interface Test {
  readonly like: string
  readonly suits: (value: SourceValue) => boolean
  readonly telling?: boolean
}

/** Judges values by what the fields of a table are for. */
export function fitJudge(into: IntoTable): JudgeFit {
  const roles = rolesOf(into)
  return (field, values) => {
    const test = testOf(field, roles)
    if (test === undefined || values.length === 0) return { share: 1, like: test?.like, telling: false }
    const share = values.filter(test.suits).length / values.length
    return { share, like: test.like, telling: test.telling === true || (field.type === 'phone' && areWritten(values)) }
  }
}

function testOf(field: IntoField, roles: ReturnType<typeof rolesOf>): Test | undefined {
  if (field.name === roles.linkedin) return { like: 'LinkedIn profiles', suits: isProfile, telling: true }
  if (field.name === roles.email) return { like: 'e-mail addresses', suits: isEmail, telling: true }
  if (field.name === roles.person) return { like: 'person names', suits: isPersonName }
  switch (field.type) {
    case 'text':
    case 'longtext':
      return undefined
    case 'email':
      return { like: 'e-mail addresses', suits: isEmail, telling: true }
    case 'phone':
      return { like: 'phone numbers', suits: isPhone }
    case 'url':
      return { like: 'web addresses', suits: isWebsite }
    case 'choice':
    case 'choices':
      return { like: 'its choices', suits: coerces(field) }
    case 'boolean':
      return { like: 'yes or no', suits: coerces(field) }
    case 'integer':
    case 'number':
      return { like: 'numbers', suits: coerces(field) }
    case 'date':
    case 'datetime':
      return { like: 'dates', suits: coerces(field) }
    case 'json':
      return { like: 'JSON', suits: coerces(field) }
  }
}

function coerces(field: IntoField): (value: SourceValue) => boolean {
  const options = coerceFieldOf(field)
  return (value) => coerce(field.type, value, options).is === 'cell'
}

const isEmail = (value: SourceValue) => typeof value === 'string' && isValid('email', clean(value))

const isProfile = (value: SourceValue) => typeof value === 'string' && linkedInKey(value)?.startsWith('in/') === true

const isWebsite = (value: SourceValue) =>
  typeof value === 'string' && readWebAddress(clean(value)).is === 'web' && linkedInKey(value) === undefined

const isPersonName = (value: SourceValue) =>
  typeof value === 'string' && /^[\p{L}\p{M}.,'’-]+(?: [\p{L}\p{M}.,'’()"-]+){0,5}$/u.test(clean(value))

function isPhone(value: SourceValue): boolean {
  const text = typeof value === 'string' ? clean(value) : typeof value === 'number' ? String(value) : ''
  if (!isValid('phone', text) || phoneKey(text) === undefined) return false
  return /^\d+$/.test(text) || readMoment(text).is === 'invalid'
}

/** Whether the numbers are written as people write phone numbers; bare digits could be anything. */
function areWritten(values: readonly SourceValue[]): boolean {
  const written = values.filter((value) => typeof value === 'string' && /^\+|\d[ ().-]+\d/.test(value.trim()))
  return written.length >= 0.8 * values.length
}
