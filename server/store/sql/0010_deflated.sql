-- What comes compressed is kept so (objects/packs.ts): its bytes in the pack; NULL: it is there as it is.
ALTER TABLE packed ADD COLUMN deflated integer;
