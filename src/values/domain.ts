/** The domain of an e-mail or web address, and whether it tells an organisation. */

const freeMailers = new Set(
  `aol.com att.net bellsouth.net btinternet.com comcast.net cox.net earthlink.net fastmail.com free.fr freenet.de gmail.com gmx.at
  gmx.ch gmx.com gmx.de gmx.net googlemail.com hey.com hotmail.co.uk hotmail.com hotmail.de hotmail.fr hotmail.it icloud.com
  inbox.ru laposte.net libero.it live.com live.co.uk live.nl mac.com mail.com mail.ru me.com msn.com naver.com orange.fr outlook.com
  outlook.de outlook.fr pm.me posteo.de proton.me protonmail.com qq.com rediffmail.com rocketmail.com sbcglobal.net sky.com
  t-online.de tutanota.com uol.com.br verizon.net virgilio.it wanadoo.fr web.de yahoo.ca yahoo.co.in yahoo.co.jp yahoo.co.uk
  yahoo.com yahoo.com.br yahoo.de yahoo.es yahoo.fr yahoo.it yandex.com yandex.ru ymail.com zoho.com 126.com 163.com`.split(
    /\s+/,
  ),
)

/** Whether mailboxes of the domain belong to whoever wants one. */
export function isFreeMailer(domain: string): boolean {
  return freeMailers.has(domain)
}

const host = /^(?:https?:\/\/)?(?:[^/?#@\s]*@)?([^/?#:\s]+)/i
const domainForm = /^[\p{L}\p{N}](?:[\p{L}\p{N}.-]*[\p{L}\p{N}])?\.[\p{L}\p{N}-]{2,63}$/u

/** `Ann@Mail.Acme.com` gives `mail.acme.com`, `https://www.acme.com/x` gives `acme.com`; undefined for what is neither. */
export function domainOf(value: string): string | undefined {
  if (value.length > 2000) return undefined
  const at = value.lastIndexOf('@')
  const isMail = at > 0 && !/[\s/]/u.test(value.trim())
  const found = isMail ? value.slice(at + 1) : host.exec(value.trim())?.[1]
  const domain = found
    ?.trim()
    .toLowerCase()
    .replace(/^www\./, '')
    .replace(/\.$/, '')
  return domain !== undefined && domainForm.test(domain) ? domain : undefined
}

/** Whether one domain is the other or a part of it: `mail.acme.com` and `acme.com`. */
export function isSameDomain(one: string, other: string): boolean {
  return one === other || one.endsWith(`.${other}`) || other.endsWith(`.${one}`)
}
