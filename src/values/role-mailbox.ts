/** Mailboxes that belong to an office and not to a person: whoever writes from them is not told by them. */

const offices = new Set(
  `abuse accounting accounts admin administration billing booking bookings business careers contact contactus customercare
  customerservice customersupport enquiries enquiry events feedback finance frontdesk hello help helpdesk hi hola hr info
  information inquiries inquiry invoice invoices it jobs kontakt legal mail mailbox marketing media news newsletter no-reply
  noreply office operations orders partners payroll postmaster pr press privacy purchasing reception recruiting sales security
  service services shop store support team tech webmaster welcome`.split(/\s+/),
)

/** Whether the part before the @ (and before any +tag) names an office. `mailbox` is an e-mail matching key. */
export function isRoleMailbox(mailbox: string): boolean {
  return offices.has(mailbox.slice(0, mailbox.lastIndexOf('@')).replace(/\+.*$/, ''))
}
