/** Whether somebody may be contacted, by what whoever writes to them knows: an e-mail address or a LinkedIn profile. */
import type { ContactAnswer } from '../api/people-views.ts'
import { identitiesOf } from '../values/identity.ts'
import { emailKey, linkedInKey } from '../values/match-key.ts'
import type { Workspace } from './workspace.ts'

/** From the lists alone, in the order asked. Throws SUPPRESSION_KEY_LOST. */
export function contactAnswers(
  { suppressions }: Pick<Workspace, 'suppressions'>,
  addresses: readonly string[],
): readonly ContactAnswer[] {
  return addresses.map((address) => {
    const text = address.trim()
    const isEmail = text.includes('@') && emailKey(text) !== undefined
    const isProfile = !isEmail && linkedInKey(text)?.startsWith('in/') === true
    if (!isEmail && !isProfile) return 'unreadable'
    const identities = identitiesOf({
      emails: isEmail ? [text] : [],
      linkedins: isProfile ? [text] : [],
      phones: [],
      person: undefined,
    })
    return suppressions.isErased(identities) || suppressions.contacts.isListed(identities) ? 'no' : 'yes'
  })
}
