/** First names that stand for each other in daily use, so that `Bob` and `Robert` count as nearly the same. */

/** Each line is one family of names; a name may be in several. Lower-case and folded. */
const families = `
abigail abby abbie gail
albert al bert bertie
alexander alex alec sandy sasha xander alejandro aleksander
alexandra alex sandra sasha alexa lexi sandy
alfred alf alfie fred freddie
alice allie ally
amanda mandy amy
andrew andy drew andreas andre
angela angie
ann anne anna annie nan nancy hannah
anthony tony antonio anton
arthur art artie
barbara barb babs barbie
benjamin ben benny benji
bernard bernie
bradley brad
brian bryan
caroline carol carrie carolyn lina
catherine kathryn katherine cathy kathy kate katie kitty kay cate kat katharine catharine kathleen katarina
charles charlie chuck chas carl charley
charlotte charlie lottie
christina chris chrissy tina christine kristin kirsten christa
christopher chris kit topher kristopher
clifford cliff
cynthia cindy
daniel dan danny danni
david dave davey davy
deborah debbie deb debra
dennis denny den
donald don donnie
dorothy dot dottie dolly dora
douglas doug
edmund ed eddie ned ted
edward ed eddie ned ted teddy eduard
eleanor ellie nell nora elinor ella helen
elizabeth liz lizzie beth betty betsy eliza elsie lisa libby bess bessie elisabeth bette lizbeth
emily em emmy millie
emma em emmy
eric erik rick
eugene gene
evelyn eve evie
florence flo flora florrie
frances fran frankie fanny
francis frank frankie fran francisco
franklin frank
frederick fred freddie freddy fritz rick
gabriel gabe
gabrielle gabby elle
geoffrey geoff jeff
george georgie jorge
gerald gerry jerry
gerard gerry jerry
gertrude gertie trudy
gregory greg gregg
harold harry hal
harriet hattie harry
helen nell nellie ellen lena
henry harry hank hal henri
herbert bert herb
howard howie
hugh hughie hugo
isabella bella izzy isabel isabelle ella isobel belle
jacob jake jakob
jacqueline jackie
james jim jimmy jamie jem
jane jenny janie janet
janet jan jenny
jason jay
jean jeanne jeannie
jeffrey jeff
jennifer jen jenny jenna
jeremy jerry jem
jessica jess jessie
joan joanie
joanna jo joanne
john jack johnny jon ian johann jean juan
jonathan jon johnny nathan
joseph joe joey jose jo josef
josephine jo josie
joshua josh
judith judy
julia julie jules
katelyn kate katie
kenneth ken kenny
kevin kev
kimberly kim
laura laurie lori
lawrence larry laurence lars
leonard len lenny leo
leslie les
lewis lew louis lou
lillian lily lil
linda lyn lindy
louis lou louie luis
louise lou
lucy lucille lu
madeline maddie maddy madeleine
margaret maggie meg peggy marge margie greta rita daisy madge margot peg margery
maria mary marie mia
martha marty mattie patty
martin marty
mary polly molly mae may mamie marie maria
matilda tilly mattie tilda
matthew matt matty
maurice morris mo
maxwell max
maximilian max
melissa mel missy
michael mike mick micky mikey mickey michel
michelle shelly chelle
mildred millie
mitchell mitch
nancy nan
natalie nat
nathaniel nathan nate nat
nicholas nick nicky nicolas klaus
nicole nicky nikki
oliver ollie
olivia liv livvy
pamela pam
patricia pat patty trish tricia patsy
patrick pat paddy rick
paul pablo
penelope penny
peter pete petra
philip phil phillip pip
phyllis phyl
rachel rae
randolph randy
raymond ray
rebecca becky becca bec
reginald reg reggie
richard dick rick ricky rich richie
robert bob bobby rob robbie bert robin
roberta bobbie robbie
roderick rod
roger rodge
ronald ron ronnie
rosemary rose rosie
russell russ
ruth ruthie
samantha sam sammy
samuel sam sammy
sarah sara sally sadie
sophia sophie
stanley stan
stephanie steph stevie
stephen steve steven stevie
stewart stuart stu
susan sue suzy susie susanna suzanne
sydney sid
tamara tammy
teresa terry tess theresa tessa
terence terry
theodore ted teddy theo
thomas tom tommy
timothy tim timmy
tobias toby
valerie val
vanessa nessa
veronica ronnie vera
victor vic
victoria vicky tori vic
vincent vince vinnie
virginia ginny ginger
walter walt wally
wilfred wilf will
william bill billy will willie liam wil
winifred winnie freda
zachary zach zack zachariah
`

const familiesOf = new Map<string, number[]>()
for (const [family, line] of families.trim().split('\n').entries())
  for (const name of line.split(' ')) familiesOf.set(name, [...(familiesOf.get(name) ?? []), family])

/** Whether two folded first names are forms of one name. Not so for equal ones that are in no family. */
export function areNicknames(one: string, other: string): boolean {
  const known = familiesOf.get(one)
  const others = familiesOf.get(other)
  return known?.some((family) => others?.includes(family)) === true
}

/** The number of the name's first family, or undefined: forms of one name mostly share it, for putting them in one block. */
export function nicknameFamily(name: string): number | undefined {
  return familiesOf.get(name)?.[0]
}
