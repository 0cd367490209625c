// Package demo is what `signalbox up --demo` shows: two small integrations made
// of TypeScript packages and definitions, as a user of the product would write
// them, and the partner system that they call.
//
// It offers [Packages] and [Documents] (what is deployed and applied), [Samples]
// (the input files that the README uses), [Tour] (the commands to try) and
// [NewPartner] (the stand-in of the other company's REST API).
//
// It deploys and serves nothing itself: the command line does. It imports odb.
package demo
