import { isFreeMailer } from '../../../values/domain.ts'
import { meantMailDomain } from '../../../values/mail-typos.ts'
import { isRoleMailbox } from '../../../values/role-mailbox.ts'
import { type RowCheck, textOf } from './check.ts'

const addressMax = 320

/** An address with its @; undefined for what is no single address. */
function addressIn(text: string | undefined): { readonly address: string; readonly at: number } | undefined {
  if (text === undefined || text.length > addressMax) return undefined
  const address = text.trim()
  const at = address.lastIndexOf('@')
  return at > 0 && at === address.indexOf('@') ? { address, at } : undefined
}

/** A mailbox is a person's, not that of an office: info@, sales@. */
export function personal(field: string): RowCheck {
  return {
    is: 'row',
    id: `${field}.role`,
    field,
    title: 'is the address of a person',
    fault: 'is the address of an office such as info@ or sales@',
    severity: 'low',
    reads: [field],
    remedy: `Find the address of the person where ${field} is that of an office.`,
    reasonOf: (row) => {
      const found = addressIn(textOf(row(field)))
      return found !== undefined && isRoleMailbox(found.address.toLowerCase())
        ? 'is the address of an office'
        : undefined
    },
  }
}

/** An address is of an organisation, not of a mail service that gives one to whoever asks. */
export function ofBusiness(field: string): RowCheck {
  return {
    is: 'row',
    id: `${field}.freeMail`,
    field,
    title: 'is an address of an organisation',
    fault: 'is an address of a free mail service',
    severity: 'low',
    reads: [field],
    remedy: `Find the business address where ${field} is one of a free mail service.`,
    reasonOf: (row) => {
      const found = addressIn(textOf(row(field)))
      return found !== undefined && isFreeMailer(found.address.slice(found.at + 1).toLowerCase())
        ? 'is an address of a free mail service'
        : undefined
    },
  }
}

/** The domain of an address is no known misspelling of a big mail service. */
export function spelledDomain(field: string): RowCheck {
  const meantIn = (text: string | undefined) => {
    const found = addressIn(text)
    const meant = found === undefined ? undefined : meantMailDomain(found.address.slice(found.at + 1).toLowerCase())
    return found === undefined || meant === undefined ? undefined : found.address.slice(0, found.at + 1) + meant
  }
  return {
    is: 'row',
    id: `${field}.typo`,
    field,
    title: 'has no misspelt domain',
    fault: 'has a misspelt domain such as gmial.com',
    severity: 'medium',
    reads: [field],
    remedy: `Correct the domain of ${field}, or declare { email: { fixTypos: true } } in its standardize.`,
    reasonOf: (row) =>
      meantIn(textOf(row(field))) === undefined ? undefined : 'has a domain that is a misspelling of a mail service',
    suggest: (row) => {
      const value = meantIn(textOf(row(field)))
      return value === undefined ? undefined : { field, value, why: 'the mail service is spelled so' }
    },
  }
}
