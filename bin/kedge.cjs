#!/usr/bin/env node
/*
 * `kedge`, as npm puts it on the path. It is written for every Node.js there is, so that an old one
 * hears what is wrong instead of a syntax error. In the installed package the command line is in
 * dist; in a clone of the repository it runs from source.
 */
'use strict';

var fs = require('fs');
var path = require('path');
var url = require('url');

var root = path.join(__dirname, '..');
var source = path.join(root, 'src/cli/kedge.ts');
var inClone = fs.existsSync(source);
// From 22.18 on Node.js runs TypeScript as it is.
var needed = inClone ? [22, 18] : [22, 15];
var version = process.versions.node.split('.').map(Number);

if (version[0] < needed[0] || (version[0] === needed[0] && version[1] < needed[1])) {
  console.error(
    'kedge: this needs Node.js ' +
      needed.join('.') +
      ' or newer, and runs in ' +
      process.version +
      '. See https://nodejs.org.',
  );
  process.exit(1);
}

// What is experimental in Node.js is for us to know.
var warn = process.emitWarning;
process.emitWarning = function emitWarning(warning, options) {
  var type = (options && options.type) || options || (warning && warning.name);
  if (type !== 'ExperimentalWarning') warn.apply(process, arguments);
};
// Compiled code is kept for the next start. Where it cannot be, the start takes a moment longer.
require('module').enableCompileCache();
import(url.pathToFileURL(inClone ? source : path.join(root, 'dist/kedge.js')).href);
