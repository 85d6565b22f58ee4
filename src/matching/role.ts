/**
 * What a field says about a record, as far as matching is concerned. The role decides how values are read, compared and
 * put into blocks; it follows from what is declared first and from the values themselves second.
 */
import type { FieldType } from '../values/field-type.ts'
import type { RuleUse } from '../values/standardizer.ts'

/** How a field takes part in matching; `ignored` takes none. */
export const roles = [
  'person',
  'given',
  'family',
  'email',
  'phone',
  'linkedin',
  'url',
  'company',
  'address',
  'place',
  'code',
  'date',
  'number',
  'category',
  'text',
  'prose',
  'ignored',
] as const
export type Role = (typeof roles)[number]

/** A declared field, as much of it as matching reads. */
export interface MatchField {
  readonly name: string
  readonly type: FieldType
  /** Its standardization rules. */
  readonly rules: readonly RuleUse[]
}

/** What a sample of a field's values looks like. Shares are of the filled values. */
export interface Content {
  readonly filled: number
  readonly distinct: number
  readonly wordsMean: number
  readonly lengthMean: number
  readonly share: {
    readonly email: number
    readonly url: number
    readonly linkedin: number
    readonly phone: number
    readonly date: number
    readonly digits: number
    readonly number: number
    /** Letters and digits without a space, with at least one digit: part numbers, postcodes. */
    readonly code: number
    /** Two or three words of letters alone. */
    readonly nameLike: number
  }
}

const ruleRoles: Readonly<Record<string, Role>> = {
  person_name: 'person',
  company_name: 'company',
  email: 'email',
  phone: 'phone',
  linkedin_url: 'linkedin',
  url: 'url',
  date: 'date',
  datetime: 'date',
}

/** Moments and marks of how a record was handled: they differ between duplicates and agree between strangers. */
const handled =
  /\b(?:created|updated|modified|changed|inserted|imported|synced|messaged|contacted|enriched|verified|last|next|timestamp|status|stage|source|score|owner|notes?|tags?|raw)\b/u
const rowId =
  /^(?:(?:unique|rec|record|row|source|src|entity|person|lead|contact|company) )?(?:id|uuid|guid|key|index)$/u

/** Names of fields, in words, and what they mean; the first that fits wins. */
const nameRoles: readonly (readonly [RegExp, Role])[] = [
  [/\blinked ?in\b/u, 'linkedin'],
  [/\be ?mails?\b|\bmail\b/u, 'email'],
  [/\b(?:phone|telephone|tel|mobile|cell|cellphone|fax|handy)\b/u, 'phone'],
  [/\b(?:url|website|homepage|web|domain|site url)\b/u, 'url'],
  [/\b(?:dob|birth ?date|date of birth|birthday|born|birth date|death date|dod)\b/u, 'date'],
  [/\b(?:birth|death) ?(?:place|city|town|country)\b/u, 'place'],
  [
    /\b(?:full ?names?|complete names?|person|contact|(?:first|given) (?:and|name) (?:last|sur) ?name)\b|\bfirst and surname\b/u,
    'person',
  ],
  [/\b(?:first|given|fore|middle|christian|nick) ?names?\b|\b(?:given|fname|forename|firstname)\b/u, 'given'],
  [/\b(?:last|family|maiden|sur) ?names?\b|\b(?:surname|lname|lastname)\b/u, 'family'],
  [
    /\b(?:company|organi[sz]ation|organi[sz]ations?|org|employer|firm|business name|account name|agency|assignee)\b/u,
    'company',
  ],
  [/\b(?:ssn|soc sec id|social security|tax id|vat|iban|isbn|issn|ean|upc|sku|model ?no|doi|passport)\b/u, 'code'],
  [/\b(?:zip|zip ?code|post ?code|postal|plz)\b/u, 'code'],
  [/\b(?:street|house) ?(?:number|no|nr)\b/u, 'code'],
  [/\b(?:address|addr|street)\b/u, 'address'],
  [/\b(?:city|town|suburb|locality|place|county|municipality|village|district|neighbou?rhood|location)\b/u, 'place'],
  [/\b(?:state|province|region|country|gender|sex|nationality)\b/u, 'category'],
  [/\b(?:price|amount|cost|weight|height|width|length|rating|salary|quantity|year)\b/u, 'number'],
  [/\bdate\b/u, 'date'],
  [/\b(?:description|abstract|summary|bio|about|comment|message|text)\b/u, 'prose'],
]

/** The words of a field's name: `dateOfBirth`, `date_of_birth` and `Date-of-Birth` give `date of birth`. */
export function nameWords(name: string): string {
  return name
    .replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
    .toLowerCase()
    .replace(/[^\p{L}]+/gu, ' ')
    .trim()
}

/** The role of a field. `content` is of a sample of its values; `rows` is the size of that sample. */
export function roleOf(field: MatchField, content: Content, rows: number): Role {
  if (content.filled === 0) return 'ignored'
  const words = nameWords(field.name)
  const byRule = field.rules.map(({ rule }) => ruleRoles[rule]).find((role) => role !== undefined)
  const byName = nameRoles.find(([pattern]) => pattern.test(words))?.[1]
  // The rule for names serves first names and surnames too.
  if (byRule === 'person' && (byName === 'given' || byName === 'family')) return byName
  if (byRule !== undefined) return byRule === 'date' && handled.test(words) ? 'ignored' : byRule
  switch (field.type) {
    case 'json':
    case 'boolean':
    case 'datetime':
      return 'ignored'
    case 'email':
    case 'phone':
      return field.type
    case 'url':
      return byName === 'linkedin' || content.share.linkedin > 0.5 ? 'linkedin' : 'url'
    case 'date':
      return handled.test(words) ? 'ignored' : 'date'
    case 'choice':
    case 'choices':
      return byName === 'category' ? 'category' : 'ignored'
    case 'longtext':
      return handled.test(words) || /\bmessage\b/u.test(words) ? 'ignored' : 'prose'
    case 'integer':
    case 'number':
    case 'text':
      return ofText(words, byName, content, rows)
  }
}

function ofText(words: string, byName: Role | undefined, content: Content, rows: number): Role {
  if (rowId.test(words) && content.distinct >= content.filled * 0.995) return 'ignored'
  if (byName !== undefined && fits(byName, content)) return byName
  if (byName === undefined && handled.test(words)) return 'ignored'
  return byContent(words, content, rows)
}

/** Whether the values can be what the field's name promises. */
function fits(role: Role, content: Content): boolean {
  const { share } = content
  switch (role) {
    case 'date':
      return share.date > 0.5
    case 'email':
      return share.email > 0.4
    case 'url':
      return share.url > 0.4
    case 'linkedin':
      return share.linkedin > 0.4
    case 'phone':
      return share.phone > 0.4
    case 'number':
      return share.number > 0.5
    case 'category':
      return content.distinct <= Math.max(60, content.filled / 20)
    case 'prose':
      return content.wordsMean > 4
    default:
      return true
  }
}

function byContent(words: string, content: Content, rows: number): Role {
  const { share } = content
  if (share.linkedin > 0.5) return 'linkedin'
  if (share.email > 0.7) return 'email'
  if (share.url > 0.7) return 'url'
  if (share.date > 0.8) return 'date'
  if (share.phone > 0.8 && /\bp(?:h|hone)?\b|\bnumber\b/u.test(words)) return 'phone'
  if (content.distinct <= 2 || (content.distinct <= 40 && content.filled / content.distinct > 12)) return 'category'
  if (share.digits > 0.9) return 'code'
  if (share.number > 0.9) return 'number'
  if (share.code > 0.7) return 'code'
  if (content.wordsMean > 14 || content.lengthMean > 100) return 'prose'
  if (/\bname\b/u.test(words) && share.nameLike > 0.75 && rows > 20) return 'person'
  if (content.wordsMean < 1.25 && content.lengthMean < 16) return 'place'
  return 'text'
}
