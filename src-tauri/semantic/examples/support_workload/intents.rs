//! What people ask a shop's support, and in how many ways.
//!
//! Promises: two texts have the same answer exactly if they have the same intent, the same values in
//! its slots, and the same language (an answer comes in the language of its question). The ways were
//! written as people would write them, not as the guards would like them: some share no word.

/// Something that is asked for.
pub(crate) struct Intent {
    /// Its name.
    pub(crate) name: &'static str,
    /// The language of its ways.
    pub(crate) language: &'static str,
    /// What stands for `{}`; none where the question has no slot.
    pub(crate) slot: Slot,
    /// Ways to ask for it.
    pub(crate) ways: &'static [&'static str],
}

/// What a question is about.
#[derive(Clone, Copy)]
pub(crate) enum Slot {
    /// Nothing that varies.
    None,
    /// One of a thousand orders.
    Order,
    /// One of a few products.
    Product,
    /// One of a few places.
    Place,
    /// A number of days.
    Days,
}

pub(crate) const PRODUCTS: &[&str] = &[
    "Aero 3",
    "Aero 4",
    "Lumo lamp",
    "Lumo desk lamp",
    "Terra boots",
    "Terra shoes",
    "Nova X1",
    "Nova X2",
];
pub(crate) const PLACES: &[&str] = &[
    "Berlin", "Paris", "Lyon", "Madrid", "Lima", "Rome", "Milan", "Vienna", "Oslo", "Bergen",
];
pub(crate) const DAYS: &[&str] = &["3", "7", "10", "14", "30", "60", "90"];

macro_rules! intents {
    ($($name:literal $language:literal $slot:ident [$($way:literal),+ $(,)?])+) => {
        &[$(Intent { name: $name, language: $language, slot: Slot::$slot, ways: &[$($way),+] }),+]
    };
}

/// Intents that are each other's near misses stand side by side.
pub(crate) const INTENTS: &[Intent] = intents! {
    "where" "en" Order ["Where is my order {}?", "where is order {}", "Order {}: where is it?", "Has order {} shipped yet?", "Any news on order {}?", "Can you track order {} for me?"]
    "cancel" "en" Order ["Cancel my order {}", "Please cancel order {}", "I want to cancel my order {}", "I'd like to cancel my order {}.", "Don't send order {}, I changed my mind"]
    "cancelled" "en" Order ["Was my order {} cancelled?", "Did you cancel my order {}?", "Is order {} cancelled now?"]
    "not received" "en" Order ["I haven't received my order {}", "I have not received order {}", "Order {} never arrived", "My order {} still isn't here"]
    "received" "en" Order ["I have received my order {}", "Order {} arrived, thanks", "I got order {} today"]
    "invoice" "en" Order ["Send me the invoice for order {}", "Please send me the bill for order {}", "I need the invoice for order {}", "Where do I find the invoice of order {}?"]
    "password" "en" None ["How do I reset my password?", "How can I reset my password?", "how to reset my password", "I forgot my password", "What are the steps to reset my password?", "I can't remember my password, help"]
    "change password" "en" None ["How do I change my password?", "How can I change my password?", "Where can I choose a new password?"]
    "delete account" "en" None ["How do I delete my account?", "How can I delete my account?", "How to delete my account", "I want to leave your shop for good"]
    "delete photo" "en" None ["How do I delete my photo?", "How can I delete my photo?", "How to remove my photo"]
    "log in" "en" None ["I can't log in", "I cannot log in to my account", "I am unable to log in to my account", "The login doesn't work"]
    "log out" "en" None ["I can't log out of my account", "How do I log out of my account?", "I cannot log out of my account"]
    "return" "en" Days ["Can I return an item after {} days?", "Can I return a thing after {} days?", "Is it possible to return an item after {} days?", "May I return an item after {} days?", "Do you take things back after {} days?"]
    "exchange" "en" Days ["Can I exchange an item after {} days?", "Is it possible to exchange an item after {} days?", "May I exchange an item after {} days?"]
    "ship to" "en" Place ["Do you ship to {}?", "do you ship to {}", "Hi there, do you ship to {}?", "Is delivery to {} possible?", "I live in {}, can I order?"]
    "ship from" "en" Place ["Do you ship from {}?", "Are parcels sent from {}?"]
    "shipping cost" "en" Place ["How much does shipping to {} cost?", "How much is shipping to {}?", "What do you charge for delivery to {}?"]
    "shipping time" "en" Place ["How long does shipping to {} take?", "How much time does shipping to {} take?", "When would a parcel arrive in {}?"]
    "stock" "en" Product ["Is the {} in stock?", "is the {} in stock", "Do you have the {} in stock?", "Can I still buy the {}?"]
    "price" "en" Product ["How much is the {}?", "What does the {} cost?", "What is the price of the {}?", "Price of the {}, please?"]
    "turn on" "en" Product ["How do I turn on the {}?", "How can I turn on the {}?", "How do I switch on the {}?"]
    "turn off" "en" Product ["How do I turn off the {}?", "How can I turn off the {}?", "How do I switch off the {}?"]
    "warranty" "en" Product ["How long is the warranty of the {}?", "What warranty does the {} have?", "Is the {} covered when it breaks?"]
    "enable mails" "en" None ["How do I enable the newsletter?", "How can I activate the newsletter?", "I want your newsletter"]
    "disable mails" "en" None ["How do I disable the newsletter?", "How can I deactivate the newsletter?", "Stop sending me your newsletter"]
    "where" "de" Order ["Wo ist meine Bestellung {}?", "wo ist die Bestellung {}", "Können Sie mir sagen, wo meine Bestellung {} ist?", "Gibt es etwas Neues zu Bestellung {}?"]
    "cancel" "de" Order ["Ich möchte meine Bestellung {} stornieren", "Bitte meine Bestellung {} stornieren", "Bestellung {} bitte nicht mehr schicken"]
    "not received" "de" Order ["Ich habe meine Bestellung {} nicht erhalten", "Ich habe die Bestellung {} nicht erhalten", "Bestellung {} ist nie angekommen"]
    "received" "de" Order ["Ich habe meine Bestellung {} erhalten", "Bestellung {} ist angekommen"]
    "password" "de" None ["Wie kann ich mein Passwort zurücksetzen?", "Wie kann ich das Passwort zurücksetzen?", "Wie kann ich mein Kennwort zurücksetzen?", "Ich habe mein Passwort vergessen"]
    "ship to" "de" Place ["Liefern Sie nach {}?", "Hallo, liefern Sie nach {}?", "Ist eine Lieferung nach {} möglich?"]
    "where" "fr" Order ["Où est ma commande {} ?", "Pouvez-vous me dire où est ma commande {} ?", "Avez-vous des nouvelles de la commande {} ?"]
    "not received" "fr" Order ["Je n'ai pas reçu ma commande {}", "Je n'ai pas reçu la commande {}", "La commande {} n'est jamais arrivée"]
    "received" "fr" Order ["J'ai reçu ma commande {}", "La commande {} est arrivée"]
    "cancel plan" "fr" None ["Comment puis-je annuler mon abonnement ?", "Comment annuler mon abonnement ?", "Comment faire pour annuler mon abonnement ?", "Je ne veux plus payer"]
    "where" "es" Order ["¿Dónde está mi pedido {}?", "¿Me puede decir dónde está mi pedido {}?", "¿Hay novedades del pedido {}?"]
    "cancel plan" "es" None ["¿Cómo puedo cancelar mi suscripción?", "¿Cómo se puede cancelar la suscripción?", "Ya no quiero la suscripción"]
    "where" "it" Order ["Dov'è il mio ordine {}?", "Può dirmi dov'è il mio ordine {}?", "Ci sono novità sull'ordine {}?"]
    "where" "pt" Order ["Onde está o meu pedido {}?", "Poderia me dizer onde está o meu pedido {}?", "Alguma notícia do pedido {}?"]
    "where" "zh" Order ["我的订单{}在哪里?", "请问我的订单{}在哪里?", "订单{}到哪了"]
    "where" "ja" Order ["注文番号{}はどこですか?", "すみません、注文番号{}はどこですか?", "注文{}の状況を知りたいです"]
};
