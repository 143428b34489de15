/** Common English words, each of which most tokenizers know as one token. */
export const WORDS: readonly string[] = `
about above account across action active actual address advice after again against agree ahead air allow almost alone along
already also always among amount ancient animal another answer appear apple area argue around arrive article artist attack attempt
audience autumn average avoid away baby balance bank base basic battle beach bear beat beautiful because become bed before began
behind believe benefit best better between beyond big bird birth black blood blue board boat body book border born both bottom box
branch brave bread break bridge bright bring broad brother brown budget build burn business busy button buy camera camp capital
captain car card care carry case castle catch cause center century certain chain chair chance change chapter charge cheap check
choice church circle citizen city claim class clean clear climate climb clock close cloud coast coffee cold collect college color
come common company compare complete concern condition consider contain control cook cool copper copy corner correct cost cotton
could council count country couple courage course court cover create credit crime cross crowd culture cup current customer cut
daily damage dance danger dark daughter deal debate decade decide deep defense degree deliver demand depend desert design desire
detail develop difference dinner direct discover distance divide doctor dollar door double doubt down draw dream dress drink drive
drop dry during duty each early earth east easy economy edge education effect effort eight either election electric empire employ
empty end enemy energy engine enjoy enough enter entire equal escape evening event ever every evidence exact example except
exercise exist expect expert explain express extra eye face fact fail fair faith fall family famous far farm fashion fast father
favor fear feature federal feed feel field fight figure fill film final find fine finger finish fire firm first fish five fix flat
flight floor flow flower fly focus follow food foot force foreign forest forget form former forward found four frame free fresh
friend front fruit full function future game garden gather general gentle gift give glass global goal gold good government grand
grass gray great green ground group grow guard guess guest guide habit half hall hand happen happy harbor hard head health hear
heart heat heavy height help high hill history hold home honest hope horse hospital hotel hour house huge human hundred idea image
imagine impact include increase industry inside instead interest island issue item join journey judge jump just keep key kitchen
knowledge lake land language large last late laugh law lead learn least leave left letter level library life light limit line
listen little live local long look lose loud love lucky lunch machine magic main major manage manner map march mark market master
matter maybe meal measure meeting member memory method middle might mile military milk mind minister minute mirror model modern
moment money month moon morning most mother mountain mouth move movement museum music nation natural near need never new news next
night nine noise north note nothing notice number object ocean offer office often old only open opinion orange order other outside
over owner page paint pair paper parent park part party past path pattern peace people perfect perhaps period person phone picture
piece place plain plan planet plant plate play please point police popular position possible power practice prepare present
president press pretty price private problem process produce program progress project promise proof protect public pull purpose
push quality quarter question quick quiet quite radio rain raise range rate rather reach reader ready reason receive record red
region remember repeat report require research rest result return rich ride right ring rise river road rock role room rough round
rule run safe sail salt same sand save scale scene school science score sea search season seat second secret section seem sell
send sense series serious serve seven several shade shape share sharp ship shoe shop shore short should shoulder show side sight
signal silver similar simple since single sister six size skill skin sky sleep slow small smile smoke smooth snow social soft soil
soldier solution someone song soon sort sound source south space speak special speech speed spend spirit sport spring square stage
stand standard star start state station stay steel step still stone stop store storm story strange stream street strong student
study style subject success sudden sugar summer sun supply support sure surface surprise sweet system table take talk tall task
taste teach team temple ten term test than theory thick thin thing think third thought thousand three through ticket time tiny
today together tomorrow tone tool top total touch toward tower town track trade train travel treat tree trip trouble true trust
truth turn twelve twenty two type under union unit until upper useful usual valley value various view village visit voice wait
walk wall want warm watch water wave weather week weight west wheel white whole wide wild wind window winter wish without woman
wonder wood word work world write wrong yard year yellow yesterday young
`
  .trim()
  .split(/\s+/)
