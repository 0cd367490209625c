package zato

// leftTypes are the types that there is nothing for here, with the reason and
// with what may take their place.
func leftTypes() []objectType {
	left := func(why, do string, names ...string) objectType {
		return objectType{family: familyLeft, names: names, why: why, do: do}
	}
	return []objectType{
		left("there are no scheduler jobs here", "start its service from cron with signalbox invoke SERVICE", "scheduler"),
		left("there are no SOAP channels here", "a REST channel takes and answers XML (body=xml answer=xml); the service must unwrap the envelope", "channel_soap"),
		left("there are no outgoing SOAP connections here", "an outgoing connection of type http can post the envelope as a text", "outgoing_soap", "outconn_soap"),
		left("there is no AMQP here", "", "channel_amqp", "outconn_amqp", "outgoing_amqp", "def_amqp"),
		left("there is no IBM MQ here", "", "channel_jms_wmq", "outconn_jms_wmq", "outconn_wmq", "def_jms_wmq", "channel_wmq", "channel_ibm_mq", "outgoing_ibm_mq"),
		left("there is no ZeroMQ here", "", "channel_zmq", "outconn_zmq", "outgoing_zmq"),
		left("there is no Kafka here", "", "channel_kafka", "outgoing_kafka", "outconn_kafka"),
		left("there is no STOMP here", "", "channel_stomp", "outconn_stomp"),
		left("there are no WebSocket channels or connections here", "", "web_socket", "channel_websockets", "channel_wsx", "outgoing_wsx", "outgoing_websockets"),
		left("there is no publish/subscribe here", "", "pubsub_topic", "pubsub_endpoint", "pubsub_subscription", "pubsub_sub", "pubsub_permission"),
		left("there are no caches here", "", "zato_cache_builtin", "cache_builtin", "cache", "cache_memcached"),
		left("there are no e-mail connections here", "", "email_smtp", "email_imap"),
		left("there are no LDAP connections here", "", "ldap", "outgoing_ldap", "outconn_ldap"),
		left("there are no file transfer connections here", "", "outconn_ftp", "ftp", "outconn_sftp", "sftp", "smb", "outconn_smb", "channel_file_transfer"),
		left("services have no Redis of their own here", "", "outconn_redis", "redis"),
		left("there are no connections to search engines here", "", "search_es", "elastic_search", "search_solr"),
		left("there are no connections to this database here", "", "def_cassandra", "query_cassandra", "outconn_mongodb", "mongodb"),
		left("there are no connectors to business applications here", "its API may be reached with an outgoing connection of type http", "outconn_odoo", "odoo", "outconn_sap", "sap", "odata",
			"salesforce", "jira", "confluence", "cloud_confluence", "cloud_jira", "cloud_salesforce"),
		left("there are no cloud connectors here", "its API may be reached with an outgoing connection of type http", "cloud_aws_s3", "def_cloud_openstack_swift", "cloud_openstack_swift",
			"cloud_microsoft_365", "microsoft_365", "microsoft_cloud", "microsoft_fabric", "microsoft_power_automate", "microsoft_teams", "cloud_dropbox"),
		left("there are no connectors to chats here", "its API may be reached with an outgoing connection of type http", "slack", "im_slack", "discord", "telegram", "sms", "sms_twilio"),
		left("there are no language model connections here", "", "llm", "mcp_gateway", "mcp"),
		left("there is no HL7 or FHIR here", "", "channel_hl7_mllp", "outgoing_hl7_mllp", "channel_mllp", "outgoing_mllp", "outgoing_fhir", "channel_fhir"),
		left("there is no AS2 or AS4 here", "", "channel_as2", "outgoing_as2", "as2", "channel_as4", "outgoing_as4"),
		left("there are no gRPC or GraphQL connections here", "", "grpc", "outgoing_grpc", "graphql", "outgoing_graphql"),
		left("generic connections have no counterpart here", "what is HTTP may become an outgoing connection of type http", "zato_generic_connection", "zato_generic_rest_wrapper"),
		left("there is no RBAC for callers here", "a channel names the credentials that open it", "rbac_role", "rbac_permission", "rbac_client_role", "rbac_role_permission"),
		left("there are no notifications here", "", "notif_sql", "notif_cloud_openstack_swift", "alert_rules", "alert_notifications"),
		left("audit settings have no counterpart here", "", "audit_retention", "audit_extraction"),
		left("there are no tiers of quotas here", "a channel has a rate_limit", "quota_tier"),
		left("named expressions have no counterpart here", "write them into the service", "json_pointer", "xpath", "namespace", "def_namespace", "def_json_pointer", "def_xpath"),
		left("there is no JSON-RPC here", "", "json_rpc", "channel_json_rpc"),
		left("OpenAPI documents are not published on channels here", "", "channel_openapi"),
		left("gateways to networks have no counterpart here", "", "on_prem_gateway"),
		left("there is no rule engine here", "", "rule_engine_api", "rules"),
	}
}
