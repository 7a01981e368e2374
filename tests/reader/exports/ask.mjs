// Run by test_export: answers by transformers.js from an exported folder. node ask.mjs LIBRARY FOLDER QUESTION CONTEXT DTYPE
const [library, folder, question, context, dtype] = process.argv.slice(2);
const { AutoModelForQuestionAnswering, AutoTokenizer, env } = await import(library);
const at = folder.lastIndexOf("/");
env.localModelPath = folder.slice(0, at + 1);
env.allowRemoteModels = false;
const name = folder.slice(at + 1);
const tokenizer = await AutoTokenizer.from_pretrained(name);
const model = await AutoModelForQuestionAnswering.from_pretrained(name, { dtype });
const inputs = await tokenizer(question, { text_pair: context });
const { start_logits, end_logits } = await model(inputs);
console.log(JSON.stringify([start_logits, end_logits].map((each) => Array.from(each.data))));
