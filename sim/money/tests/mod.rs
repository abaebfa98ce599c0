mod contracts;
mod finance;
mod projects;
