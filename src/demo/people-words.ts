/** First and family names by language area, from which the people of a generated workspace are drawn. None is real. */

export const languages = [
  'english',
  'german',
  'french',
  'spanish',
  'italian',
  'dutch',
  'nordic',
  'polish',
  'indian',
  'japanese',
  'portuguese',
  'yoruba',
  'arabic',
  'vietnamese',
] as const
export type Language = (typeof languages)[number]

interface Names {
  /** At least 16: the colleagues of one company and language have distinct first names. */
  readonly first: readonly string[]
  readonly family: readonly string[]
}

const words = (text: string): readonly string[] => text.trim().split(/\s*,\s*/)

/** Within one language no first name and no family name is repeated, so that e-mail addresses stay distinct. */
export const namesOf: Readonly<Record<Language, Names>> = {
  english: {
    first:
      words(`Olivia, Liam, Emma, Noah, Charlotte, James, Amelia, Benjamin, Harper, Ethan, Grace, Samuel, Chloe, Daniel,
      Hannah, Owen, Megan, Caleb, Zoe, Nathan`),
    family: words(`Carter, Bennett, Hughes, Foster, Sullivan, Brooks, Parker, Reed, Coleman, Hayes, O'Brien, Whitaker,
      Mitchell, Sanders, Fletcher, Griffin, Marshall, Preston, Holloway, Ashworth`),
  },
  german: {
    first:
      words(`Lukas, Anna, Felix, Katharina, Jonas, Lena, Maximilian, Johanna, Stefan, Sabine, Tobias, Franziska, Jürgen,
      Heike, Matthias, Clara`),
    family:
      words(`Müller, Schneider, Fischer, Weber, Hoffmann, Schäfer, Koch, Richter, Wolf, Schröder, Neumann, Zimmermann,
      Krüger, Hartmann, Lange, Vogel, Keller, Günther`),
  },
  french: {
    first: words(`Camille, Hugo, Manon, Théo, Léa, Antoine, Chantal, Julien, Élodie, Nicolas, Margaux, Baptiste, Amélie,
      Guillaume, Sylvie, Étienne`),
    family: words(`Dubois, Moreau, Lefebvre, Girard, Bonnet, Fontaine, Rousseau, Chevalier, Mercier, Garnier, Faure,
      Gauthier, Perrin, Renaud, Marchand, Besson, Lemaire`),
  },
  spanish: {
    first:
      words(`Lucía, Javier, Carmen, Alejandro, Marta, Diego, Elena, Pablo, Inés, Sergio, Pilar, Álvaro, Rocío, Andrés,
      Beatriz, Joaquín`),
    family: words(`García, Fernández, Romero, Navarro, Jiménez, Ortega, Castillo, Vázquez, Delgado, Iglesias, Herrera,
      Cabrera, Molina, Serrano, Fuentes, Peña, Ibáñez`),
  },
  italian: {
    first:
      words(`Giulia, Marco, Francesca, Luca, Chiara, Matteo, Alessia, Davide, Martina, Lorenzo, Silvia, Riccardo, Elisa,
      Simone, Valentina, Paolo`),
    family:
      words(`Rossi, Bianchi, Romano, Colombo, Ricci, Marino, Greco, Conti, Gallo, Mancini, Rizzo, Lombardi, Moretti,
      Barbieri, Santoro, Caruso, Ferrara`),
  },
  dutch: {
    first:
      words(`Daan, Sanne, Bram, Fleur, Sem, Lotte, Jeroen, Marieke, Thijs, Femke, Ruben, Anouk, Pieter, Iris, Maarten,
      Willemijn`),
    family: words(`Jansen, Bakker, Visser, Smit, Meijer, Mulder, Bos, Vos, Peters, Hendriks, Dekker, Kuipers, Schouten,
      Postma, Willems, Hoekstra, Verbeek`),
  },
  nordic: {
    first:
      words(`Erik, Astrid, Lars, Ingrid, Nils, Freja, Henrik, Sigrid, Gustav, Maja, Anders, Linnea, Magnus, Elsa, Søren,
      Tuva`),
    family:
      words(`Andersson, Lindqvist, Bergström, Nyström, Håkansson, Ekberg, Sandberg, Holmgren, Dahl, Solberg, Haugen,
      Lund, Kjær, Nørgaard, Eriksen, Vestergaard, Sjöberg`),
  },
  polish: {
    first: words(`Zuzanna, Jakub, Agnieszka, Tomasz, Kasia, Piotr, Magdalena, Michał, Joanna, Krzysztof, Ewa, Wojciech,
      Monika, Łukasz, Dorota, Bartosz`),
    family:
      words(`Nowak, Kowalczyk, Wiśniewski, Wójcik, Kamiński, Lewandowski, Zieliński, Szymański, Woźniak, Dąbrowski,
      Kozłowski, Mazur, Krawczyk, Piotrowski, Grabowski, Pawlak, Sikora`),
  },
  indian: {
    first:
      words(`Aarav, Priya, Rohan, Ananya, Vikram, Kavya, Arjun, Meera, Siddharth, Neha, Karthik, Divya, Rahul, Ishita,
      Sanjay, Lakshmi`),
    family: words(`Sharma, Patel, Reddy, Iyer, Gupta, Nair, Kulkarni, Banerjee, Chatterjee, Mehta, Joshi, Menon, Rao,
      Srinivasan, Kapoor, Bhatt, Desai`),
  },
  japanese: {
    first: words(`Haruto, Yui, Sota, Aoi, Ren, Hina, Kenji, Sakura, Takumi, Naoko, Hiroshi, Emi, Daiki, Keiko, Yuto,
      Mariko`),
    family: words(`Sato, Suzuki, Takahashi, Tanaka, Watanabe, Ito, Yamamoto, Nakamura, Kobayashi, Kato, Yoshida, Yamada,
      Sasaki, Matsumoto, Inoue, Shimizu, Hayashi`),
  },
  portuguese: {
    first:
      words(`Beatriz, João, Mariana, Tiago, Larissa, Rafael, Camila, Gustavo, Fernanda, Bruno, Letícia, Thiago, Juliana,
      Rodrigo, Patrícia, Caio`),
    family:
      words(`Silva, Oliveira, Pereira, Carvalho, Almeida, Ribeiro, Gonçalves, Barbosa, Rocha, Cardoso, Teixeira, Moura,
      Araújo, Nogueira, Batista, Figueiredo, Magalhães`),
  },
  yoruba: {
    first:
      words(`Adebayo, Chiamaka, Oluwaseun, Ngozi, Emeka, Folake, Tunde, Amara, Chidi, Yetunde, Ifeanyi, Temitope, Segun,
      Zainab, Obinna, Kehinde`),
    family: words(`Okafor, Adeyemi, Balogun, Eze, Nwosu, Abubakar, Olawale, Ogunleye, Chukwu, Obi, Afolabi, Danjuma,
      Onyekachi, Adewale, Uche, Bello, Okonkwo`),
  },
  arabic: {
    first:
      words(`Omar, Layla, Khalid, Fatima, Yousef, Noura, Hassan, Mariam, Tariq, Salma, Karim, Huda, Faisal, Rania, Samir,
      Dalia`),
    family:
      words(`Haddad, Mansour, Nasser, Khoury, Saleh, Farouk, Rahman, Qasim, Darwish, Hamdan, Najjar, Sabbagh, Taher,
      Zaki, Shaheen, Barakat, Aziz`),
  },
  vietnamese: {
    first: words(`Minh, Linh, Quang, Thao, Duc, Huong, Tuan, Mai, Khanh, Trang, Nam, Ngoc, Phuc, Lan, Hieu, Quynh`),
    family: words(`Nguyen, Tran, Pham, Hoang, Phan, Vu, Dang, Bui, Do, Ngo, Duong, Ly, Dinh, Truong, Luong, Vo, Ha`),
  },
}

/** Right-to-left and non-Latin titles as people really paste them, for text that pages must not break on. */
export const rightToLeftTitles: readonly string[] = [
  'مدير المبيعات الإقليمي',
  'رئيس قسم التسويق',
  'מנהלת פיתוח עסקי',
  'סמנכ"ל טכנולוגיות',
]
