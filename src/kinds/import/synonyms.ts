/** Names that agents, exports and people use for one and the same thing. Folded: lower case, `_` between words. */

/** Each group means one thing; the names that say it most surely come first. */
const groups: readonly (readonly string[])[] = [
  ['id', 'lead_id', 'uuid', 'guid', 'key', 'record_id'],
  [
    'full_name',
    'name',
    'lead_name',
    'contact_name',
    'person_name',
    'prospect_name',
    'display_name',
    'person',
    'contact',
    'prospect',
  ],
  ['first_name', 'given_name', 'forename'],
  ['last_name', 'surname', 'family_name'],
  [
    'email',
    'e_mail',
    'email_address',
    'mail',
    'work_email',
    'business_email',
    'contact_email',
    'lead_email',
    'primary_email',
  ],
  [
    'company',
    'company_name',
    'organization',
    'organisation',
    'organization_name',
    'org',
    'employer',
    'current_company',
    'account_name',
    'account',
    'business_name',
    'firm',
  ],
  [
    'company_website',
    'website',
    'company_url',
    'website_url',
    'web_site',
    'company_site',
    'homepage',
    'site',
    'web',
    'domain',
    'company_domain',
    'url',
  ],
  [
    'linkedin_url',
    'linkedin',
    'linkedin_profile',
    'linkedin_profile_url',
    'linked_in',
    'linked_in_url',
    'linkedin_link',
    'li_url',
    'profile_url',
  ],
  ['engagement_status', 'engagement_stage', 'stage', 'status', 'lead_status', 'lead_stage', 'engagement'],
  [
    'phone',
    'phone_number',
    'telephone',
    'tel',
    'mobile',
    'mobile_phone',
    'mobile_number',
    'cell',
    'cell_phone',
    'work_phone',
    'contact_number',
  ],
  ['title', 'job_title', 'position', 'role', 'headline', 'occupation', 'job'],
  ['location', 'city', 'geo', 'place', 'address', 'region'],
  ['industry', 'sector', 'vertical'],
  ['company_size', 'employee_count', 'employees', 'headcount', 'number_of_employees', 'team_size', 'size'],
  ['company_description', 'company_about', 'business_description', 'description', 'about', 'summary'],
  ['business_type', 'company_type', 'type'],
  [
    'ai_message',
    'generated_message',
    'outreach_message',
    'personalized_message',
    'message',
    'message_text',
    'email_body',
  ],
  [
    'date_messaged',
    'messaged_at',
    'last_contacted',
    'last_contacted_at',
    'contacted_at',
    'last_contact_date',
    'last_message_date',
    'sent_at',
  ],
  ['verified', 'is_verified', 'email_verified'],
  ['enriched', 'is_enriched'],
  ['source', 'lead_source', 'source_system', 'source_name', 'origin'],
  ['tags', 'labels'],
  ['notes', 'note', 'comments', 'comment'],
  ['country', 'country_name'],
  ['created_at', 'created', 'created_on', 'date_created', 'created_time', 'created_date', 'added_at', 'inserted_at'],
  ['updated_at', 'updated', 'updated_on', 'last_modified', 'modified_at', 'modified', 'last_updated', 'date_modified'],
]

interface Membership {
  readonly group: number
  readonly rank: number
}

const memberships: ReadonlyMap<string, Membership> = new Map(
  groups.flatMap((names, group) => names.map((name, rank): [string, Membership] => [name, { group, rank }])),
)

/** `linkedinProfile`, `LinkedIn Profile`, `linkedin-profile` all give `linkedin_profile`; accents and other signs are dropped. */
export function foldName(name: string): string {
  return name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, '$1_$2')
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1_$2')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '_')
    .replace(/^_+|_+$/g, '')
}

/** How surely two folded names mean one thing: from 0.9 down by how unusual both names are; undefined when they do not. */
export function synonymScore(one: string, other: string): number | undefined {
  const first = membershipOf(one)
  const second = membershipOf(other)
  if (first === undefined || second === undefined || first.group !== second.group) return undefined
  return 0.9 - 0.01 * Math.min(first.rank, 12) - 0.001 * Math.min(second.rank, 12)
}

function membershipOf(name: string): Membership | undefined {
  return memberships.get(name) ?? memberships.get(compact.get(name.replaceAll('_', '')) ?? '')
}

/** Names without word borders, for `linkedinurl` and for the other way of cutting `LinkedIn`. */
const compact: ReadonlyMap<string, string> = new Map(
  [...memberships.keys()].map((name) => [name.replaceAll('_', ''), name]),
)
