mod contracts;
mod finance;
mod leases;
mod projects;
