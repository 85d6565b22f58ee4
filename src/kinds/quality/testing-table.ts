/** A declaration with every check, for the tests of this folder. */
import { type DesiredState, desiredStateSchema } from '../../desired/schema.ts'

export function everyCheck(emailTarget = '90%'): DesiredState {
  return desiredStateSchema.parse({
    apiVersion: 'trueup/v1',
    name: 'x',
    databases: { main: { path: 'leads.db' } },
    tables: {
      leads: {
        database: 'main',
        key: 'id',
        fields: {
          full_name: { type: 'text' },
          email: { type: 'email', quality: { roleMailboxes: true, freeMailers: true, misspeltDomains: true } },
          company: { type: 'text' },
          website: { type: 'url' },
          phone: { type: 'phone' },
          status: { type: 'choice', choices: ['auto_send', 'contacted'] },
          tags: { type: 'choices', choices: ['a', 'b'] },
          message: {
            type: 'longtext',
            quality: {
              minLength: 20,
              maxLength: 400,
              mentions: ['company', 'full_name'],
              forbids: ['lorem'],
              alike: 1,
              greets: 'full_name',
              language: 'en',
            },
          },
          day: { type: 'date', quality: { notInFuture: true, notBefore: '2020-01-01' } },
          made: { type: 'datetime' },
          raw: { type: 'json' },
          code: { type: 'text', quality: { pattern: '^[a-z]+$' } },
        },
        quality: {
          completeness: { email: emailTarget, company: 50 },
          consistent: { by: 'domain(email)', fields: ['company'] },
          implies: [{ when: { status: 'contacted' }, filled: ['day'] }],
          ordered: [['made', 'day']],
          sameDomain: [['email', 'website']],
          sameCountry: [['phone', 'code']],
          sameName: [['full_name', 'email']],
        },
      },
    },
  })
}
