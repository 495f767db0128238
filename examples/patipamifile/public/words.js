"use strict";
// What the page says, in each of its languages; the one chosen, or else the
// first of the browser's that is here.

const LANGUAGES = {
en: {
    language: "Español", other: "es",
    login: "Log in", logout: "Log out", name: "Name", password: "Password",
    wrong: "That is not the name and the password.",
    newBox: "A new box", boxName: "What it is called",
    whoElse: "Who shares it with you", make: "Make the box",
    upload: "Upload", choose: box => `Files for ${box}`,
    files: n => n === 1 ? "1 file" : `${n} files`,
    members: names => `Shared by ${names}`,
    from: (size, by) => `${size}, from ${by}`,
    remove: name => `Remove ${name}`, removeShort: "Remove",
    uploading: share => `Uploading, ${share}`,
    uploaded: "Uploaded.", failed: "That did not work.",
    tooLarge: "That is too large.", full: "There is no room left.",
    away: "Not connected.", none: "There are no boxes yet.",
},
es: {
    language: "English", other: "en",
    login: "Entrar", logout: "Salir", name: "Nombre", password: "Contraseña",
    wrong: "El nombre o la contraseña no son correctos.",
    newBox: "Una caja nueva", boxName: "Cómo se llama",
    whoElse: "Con quién la compartes", make: "Crear la caja",
    upload: "Subir", choose: box => `Archivos para ${box}`,
    files: n => n === 1 ? "1 archivo" : `${n} archivos`,
    members: names => `La comparten ${names}`,
    from: (size, by) => `${size}, de ${by}`,
    remove: name => `Borrar ${name}`, removeShort: "Borrar",
    uploading: share => `Subiendo, ${share}`,
    uploaded: "Subido.", failed: "No se ha podido.",
    tooLarge: "Es demasiado grande.", full: "No queda sitio.",
    away: "Sin conexión.", none: "Todavía no hay cajas.",
},
};

let language = localStorage.getItem("language");
if (!LANGUAGES[language])
    language = navigator.languages.map(one => one.slice(0, 2))
        .find(one => LANGUAGES[one]) || "en";

function word(key, ...args) {
    const found = LANGUAGES[language][key];

    return typeof found === "function" ? found(...args) : found;
}

function sizeOf(bytes) {
    const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
    let i = 0;

    for (; bytes >= 1000 && i < 3; i++)
        bytes /= 1000;
    return new Intl.NumberFormat(language, { style: "unit", unit: units[i],
        unitDisplay: i ? "short" : "long",
        maximumFractionDigits: bytes < 10 && i ? 1 : 0 }).format(bytes);
}
