"""Warranty tickets and household visits.

Revision ID: 0023
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

JSONB = postgresql.JSONB(astext_type=sa.Text())
TABLES = (
    "visit_campaign",
    "warranty_term",
    "call_back",
    "complaint_contact_change",
    "complaint_hold",
    "complaint_supervision",
    "complaint_tombstone",
    "visit_body",
    "complaint_rating",
    "household_visit",
    "warranty_ticket",
    "visit_attempt",
    "warranty_entry",
)


def upgrade() -> None:
    op.create_table('visit_campaign',
    sa.Column('compound_id', sa.Uuid(), nullable=False),
    sa.Column('region_path', sa.String(length=255, collation='C'), nullable=False),
    sa.Column('project_id', sa.Uuid(), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('questions', JSONB, nullable=False),
    sa.Column('status', sa.String(length=10), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('opened_by', sa.Uuid(), nullable=True),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('closed_by', sa.Uuid(), nullable=True),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('close_reason', sa.Text(), nullable=True),
    sa.Column('households', sa.Integer(), nullable=True),
    sa.Column('met', sa.Integer(), nullable=True),
    sa.Column('declined', sa.Integer(), nullable=True),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.CheckConstraint("(status = 'closed') = (closed_at IS NOT NULL)", name=op.f('ck_visit_campaign_closed_at')),
    sa.CheckConstraint("(status = 'closed') = (households IS NOT NULL AND met IS NOT NULL AND declined IS NOT NULL)", name=op.f('ck_visit_campaign_households')),
    sa.CheckConstraint("status IN ('open', 'closed')", name=op.f('ck_visit_campaign_status')),
    sa.ForeignKeyConstraint(['compound_id', 'region_path'], ['compound.id', 'compound.region_path'], name=op.f('fk_visit_campaign_compound_id_region_path'), onupdate='CASCADE'),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_visit_campaign_project_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_visit_campaign'))
    )
    op.create_index('ix_visit_campaign_project_id', 'visit_campaign', ['project_id', 'id'], unique=False)
    op.create_index('ix_visit_campaign_region_path', 'visit_campaign', ['region_path', 'id'], unique=False)
    op.create_index('uq_visit_campaign_open', 'visit_campaign', ['compound_id', 'project_id'], unique=True, postgresql_where=sa.text("status = 'open'"))
    op.create_table('warranty_term',
    sa.Column('compound_id', sa.Uuid(), nullable=False),
    sa.Column('region_path', sa.String(length=255, collation='C'), nullable=False),
    sa.Column('project_id', sa.Uuid(), nullable=False),
    sa.Column('work', sa.String(length=20), nullable=False),
    sa.Column('item', sa.String(length=200), nullable=False),
    sa.Column('organisation_id', sa.Uuid(), nullable=False),
    sa.Column('accepted_on', sa.Date(), nullable=False),
    sa.Column('months', sa.Integer(), nullable=True),
    sa.Column('seasons', sa.Integer(), nullable=True),
    sa.Column('season_begins', sa.String(length=5), nullable=True),
    sa.Column('season_ends', sa.String(length=5), nullable=True),
    sa.Column('ends_on', sa.Date(), nullable=False),
    sa.Column('document', sa.String(length=300), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('recorded_by', sa.Uuid(), nullable=True),
    sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.CheckConstraint("(months IS NULL) = (work = 'heating_cooling')", name=op.f('ck_warranty_term_months')),
    sa.CheckConstraint("num_nulls(seasons, season_begins, season_ends) = CASE WHEN work = 'heating_cooling' THEN 0 ELSE 3 END", name=op.f('ck_warranty_term_seasons')),
    sa.CheckConstraint("work IN ('infrastructure', 'structure', 'waterproofing', 'heating_cooling', 'electrical', 'plumbing', 'equipment', 'decoration', 'other')", name=op.f('ck_warranty_term_work')),
    sa.CheckConstraint('ends_on > accepted_on', name=op.f('ck_warranty_term_ends_on')),
    sa.ForeignKeyConstraint(['compound_id', 'region_path'], ['compound.id', 'compound.region_path'], name=op.f('fk_warranty_term_compound_id_region_path'), onupdate='CASCADE'),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_warranty_term_organisation_id')),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_warranty_term_project_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_warranty_term')),
    sa.UniqueConstraint('compound_id', 'project_id', 'work', 'item', name=op.f('uq_warranty_term_compound_id_project_id_work_item'))
    )
    op.create_index('ix_warranty_term_organisation_id', 'warranty_term', ['organisation_id', 'id'], unique=False)
    op.create_index('ix_warranty_term_project_id', 'warranty_term', ['project_id', 'id'], unique=False)
    op.create_index('ix_warranty_term_region_path', 'warranty_term', ['region_path', 'id'], unique=False)
    op.create_table('call_back',
    sa.Column('complaint_id', sa.Uuid(), nullable=False),
    sa.Column('round', sa.Integer(), nullable=False),
    sa.Column('clock_id', sa.Uuid(), nullable=False),
    sa.Column('compound_id', sa.Uuid(), nullable=True),
    sa.Column('region_path', sa.String(length=255, collation='C'), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('satisfied', sa.Boolean(), nullable=True),
    sa.Column('resolved', sa.Boolean(), nullable=True),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_by', sa.Uuid(), nullable=True),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.CheckConstraint("(state = 'due') = (ended_at IS NULL)", name=op.f('ck_call_back_ended_at')),
    sa.CheckConstraint("(state = 'reached') = (satisfied IS NOT NULL)", name=op.f('ck_call_back_satisfied')),
    sa.CheckConstraint("state IN ('due', 'reached', 'not_reached', 'dropped')", name=op.f('ck_call_back_state')),
    sa.CheckConstraint('(satisfied IS NULL) = (resolved IS NULL)', name=op.f('ck_call_back_resolved')),
    sa.ForeignKeyConstraint(['clock_id'], ['clock.id'], name=op.f('fk_call_back_clock_id')),
    sa.ForeignKeyConstraint(['complaint_id'], ['complaint.id'], name=op.f('fk_call_back_complaint_id')),
    sa.ForeignKeyConstraint(['compound_id', 'region_path'], ['compound.id', 'compound.region_path'], name=op.f('fk_call_back_compound_id_region_path'), onupdate='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_call_back')),
    sa.UniqueConstraint('complaint_id', 'round', name=op.f('uq_call_back_complaint_id_round'))
    )
    op.create_index('ix_call_back_due', 'call_back', ['region_path', 'id'], unique=False, postgresql_where=sa.text("state = 'due'"))
    op.create_table('complaint_contact_change',
    sa.Column('complaint_id', sa.Uuid(), nullable=False),
    sa.Column('phone_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('decision', sa.String(length=10), nullable=False),
    sa.Column('asked_by', sa.Uuid(), nullable=True),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('decided_by', sa.Uuid(), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.CheckConstraint("(decision = 'asked') = (decided_at IS NULL)", name=op.f('ck_complaint_contact_change_decided_at')),
    sa.CheckConstraint("(decision = 'asked') = (phone_sealed IS NOT NULL)", name=op.f('ck_complaint_contact_change_phone_sealed')),
    sa.CheckConstraint("decision IN ('asked', 'confirmed', 'refused')", name=op.f('ck_complaint_contact_change_decision')),
    sa.CheckConstraint('decided_by <> asked_by', name=op.f('ck_complaint_contact_change_decided_by')),
    sa.ForeignKeyConstraint(['complaint_id'], ['complaint.id'], name=op.f('fk_complaint_contact_change_complaint_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_complaint_contact_change'))
    )
    op.create_index('uq_complaint_contact_change_asked', 'complaint_contact_change', ['complaint_id'], unique=True, postgresql_where=sa.text("decision = 'asked'"))
    op.create_table('complaint_hold',
    sa.Column('complaint_id', sa.Uuid(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('placed_by', sa.Uuid(), nullable=True),
    sa.Column('placed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('lifted_by', sa.Uuid(), nullable=True),
    sa.Column('lifted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.CheckConstraint('(lifted_at IS NULL) OR lifted_by IS DISTINCT FROM placed_by', name=op.f('ck_complaint_hold_lifted_by')),
    sa.ForeignKeyConstraint(['complaint_id'], ['complaint.id'], name=op.f('fk_complaint_hold_complaint_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_complaint_hold'))
    )
    op.create_index('uq_complaint_hold_live', 'complaint_hold', ['complaint_id'], unique=True, postgresql_where=sa.text('lifted_at IS NULL'))
    op.create_table('complaint_supervision',
    sa.Column('complaint_id', sa.Uuid(), nullable=False),
    sa.Column('round', sa.Integer(), nullable=False),
    sa.Column('cause', sa.String(length=20), nullable=False),
    sa.Column('compound_id', sa.Uuid(), nullable=True),
    sa.Column('region_path', sa.String(length=255, collation='C'), nullable=False),
    sa.Column('desk_id', sa.Uuid(), nullable=True),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('finding', sa.Text(), nullable=True),
    sa.Column('settled_by', sa.Uuid(), nullable=True),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.CheckConstraint("(state = 'settled') = (settled_at IS NOT NULL)", name=op.f('ck_complaint_supervision_settled_at')),
    sa.CheckConstraint("cause IN ('rating', 'call_back')", name=op.f('ck_complaint_supervision_cause')),
    sa.CheckConstraint("state IN ('open', 'settled')", name=op.f('ck_complaint_supervision_state')),
    sa.CheckConstraint('(settled_at IS NULL) = (finding IS NULL)', name=op.f('ck_complaint_supervision_finding')),
    sa.ForeignKeyConstraint(['complaint_id'], ['complaint.id'], name=op.f('fk_complaint_supervision_complaint_id')),
    sa.ForeignKeyConstraint(['compound_id', 'region_path'], ['compound.id', 'compound.region_path'], name=op.f('fk_complaint_supervision_compound_id_region_path'), onupdate='CASCADE'),
    sa.ForeignKeyConstraint(['desk_id'], ['desk.id'], name=op.f('fk_complaint_supervision_desk_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_complaint_supervision')),
    sa.UniqueConstraint('complaint_id', 'round', name=op.f('uq_complaint_supervision_complaint_id_round'))
    )
    op.create_index('ix_complaint_supervision_open', 'complaint_supervision', ['region_path', 'id'], unique=False, postgresql_where=sa.text("state = 'open'"))
    op.create_index('ix_complaint_supervision_region_path', 'complaint_supervision', ['region_path', 'id'], unique=False)
    op.create_table('complaint_tombstone',
    sa.Column('complaint_id', sa.Uuid(), nullable=False),
    sa.Column('batch_id', sa.Uuid(), nullable=False),
    sa.Column('policy_version_id', sa.Uuid(), nullable=False),
    sa.Column('forgotten_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['complaint_id'], ['complaint.id'], name=op.f('fk_complaint_tombstone_complaint_id')),
    sa.ForeignKeyConstraint(['policy_version_id'], ['policy_version.id'], name=op.f('fk_complaint_tombstone_policy_version_id')),
    sa.PrimaryKeyConstraint('complaint_id', name=op.f('pk_complaint_tombstone'))
    )
    op.create_index('ix_complaint_tombstone_batch_id', 'complaint_tombstone', ['batch_id'], unique=False)
    op.create_table('visit_body',
    sa.Column('campaign_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.CheckConstraint("kind IN ('trade_union', 'youth_league', 'womens_federation', 'community', 'volunteers')", name=op.f('ck_visit_body_kind')),
    sa.ForeignKeyConstraint(['campaign_id'], ['visit_campaign.id'], name=op.f('fk_visit_body_campaign_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_visit_body')),
    sa.UniqueConstraint('campaign_id', 'title', name=op.f('uq_visit_body_campaign_id_title')),
    sa.UniqueConstraint('id', 'campaign_id', name=op.f('uq_visit_body_id_campaign_id'))
    )
    op.create_table('complaint_rating',
    sa.Column('complaint_id', sa.Uuid(), nullable=False),
    sa.Column('round', sa.Integer(), nullable=False),
    sa.Column('score', sa.Integer(), nullable=True),
    sa.Column('satisfied', sa.Boolean(), nullable=False),
    sa.Column('resolved', sa.Boolean(), nullable=False),
    sa.Column('entry_id', sa.Uuid(), nullable=False),
    sa.Column('rated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.CheckConstraint('satisfied = (score >= 3)', name=op.f('ck_complaint_rating_satisfied')),
    sa.CheckConstraint('score BETWEEN 1 AND 5', name=op.f('ck_complaint_rating_score')),
    sa.ForeignKeyConstraint(['complaint_id'], ['complaint.id'], name=op.f('fk_complaint_rating_complaint_id')),
    sa.ForeignKeyConstraint(['entry_id'], ['complaint_entry.id'], name=op.f('fk_complaint_rating_entry_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_complaint_rating')),
    sa.UniqueConstraint('complaint_id', 'round', name=op.f('uq_complaint_rating_complaint_id_round'))
    )
    op.create_table('household_visit',
    sa.Column('campaign_id', sa.Uuid(), nullable=False),
    sa.Column('property_id', sa.Uuid(), nullable=False),
    sa.Column('body_id', sa.Uuid(), nullable=True),
    sa.Column('visitor_id', sa.Uuid(), nullable=True),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.CheckConstraint("state IN ('waiting', 'met', 'declined')", name=op.f('ck_household_visit_state')),
    sa.ForeignKeyConstraint(['body_id', 'campaign_id'], ['visit_body.id', 'visit_body.campaign_id'], name=op.f('fk_household_visit_body_id_campaign_id')),
    sa.ForeignKeyConstraint(['campaign_id'], ['visit_campaign.id'], name=op.f('fk_household_visit_campaign_id')),
    sa.ForeignKeyConstraint(['property_id'], ['property.id'], name=op.f('fk_household_visit_property_id')),
    sa.ForeignKeyConstraint(['visitor_id'], ['staff.id'], name=op.f('fk_household_visit_visitor_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_household_visit')),
    sa.UniqueConstraint('campaign_id', 'property_id', name=op.f('uq_household_visit_campaign_id_property_id'))
    )
    op.create_index('ix_household_visit_property_id', 'household_visit', ['property_id'], unique=False)
    op.create_table('warranty_ticket',
    sa.Column('term_id', sa.Uuid(), nullable=False),
    sa.Column('compound_id', sa.Uuid(), nullable=False),
    sa.Column('region_path', sa.String(length=255, collation='C'), nullable=False),
    sa.Column('property_id', sa.Uuid(), nullable=True),
    sa.Column('complaint_id', sa.Uuid(), nullable=True),
    sa.Column('place', sa.String(length=200), nullable=False),
    sa.Column('defect', sa.Text(), nullable=False),
    sa.Column('reported_on', sa.Date(), nullable=False),
    sa.Column('covered', sa.Boolean(), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('liability', sa.String(length=12), nullable=False),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('reported_by', sa.Uuid(), nullable=True),
    sa.Column('reported_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.CheckConstraint("(state IN ('closed', 'withdrawn')) = (ended_at IS NOT NULL)", name=op.f('ck_warranty_ticket_ended_at')),
    sa.CheckConstraint("liability IN ('open', 'accepted', 'disputed', 'contractor', 'others')", name=op.f('ck_warranty_ticket_liability')),
    sa.CheckConstraint("state <> 'closed' OR liability NOT IN ('open', 'disputed')", name=op.f('ck_warranty_ticket_closed_liability')),
    sa.CheckConstraint("state IN ('reported', 'accepted', 'disputed', 'repairing', 'rechecked', 'closed', 'withdrawn')", name=op.f('ck_warranty_ticket_state')),
    sa.ForeignKeyConstraint(['complaint_id'], ['complaint.id'], name=op.f('fk_warranty_ticket_complaint_id')),
    sa.ForeignKeyConstraint(['compound_id', 'region_path'], ['compound.id', 'compound.region_path'], name=op.f('fk_warranty_ticket_compound_id_region_path'), onupdate='CASCADE'),
    sa.ForeignKeyConstraint(['property_id'], ['property.id'], name=op.f('fk_warranty_ticket_property_id')),
    sa.ForeignKeyConstraint(['term_id'], ['warranty_term.id'], name=op.f('fk_warranty_ticket_term_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_warranty_ticket')),
    sa.UniqueConstraint('complaint_id', 'term_id', name=op.f('uq_warranty_ticket_complaint_id_term_id'))
    )
    op.create_index('ix_warranty_ticket_compound_id', 'warranty_ticket', ['compound_id', 'id'], unique=False)
    op.create_index('ix_warranty_ticket_property_id', 'warranty_ticket', ['property_id'], unique=False)
    op.create_index('ix_warranty_ticket_region_path', 'warranty_ticket', ['region_path', 'id'], unique=False)
    op.create_index('ix_warranty_ticket_term_id', 'warranty_ticket', ['term_id', 'id'], unique=False)
    op.create_table('visit_attempt',
    sa.Column('campaign_id', sa.Uuid(), nullable=False),
    sa.Column('property_id', sa.Uuid(), nullable=False),
    sa.Column('body_id', sa.Uuid(), nullable=False),
    sa.Column('made_on', sa.Date(), nullable=False),
    sa.Column('outcome', sa.String(length=10), nullable=False),
    sa.Column('answers', JSONB, nullable=True),
    sa.Column('note', sa.String(length=500), nullable=True),
    sa.Column('recorded_by', sa.Uuid(), nullable=True),
    sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.CheckConstraint("(outcome = 'met') = (answers IS NOT NULL)", name=op.f('ck_visit_attempt_answers')),
    sa.CheckConstraint("outcome IN ('met', 'not_home', 'declined')", name=op.f('ck_visit_attempt_outcome')),
    sa.ForeignKeyConstraint(['body_id', 'campaign_id'], ['visit_body.id', 'visit_body.campaign_id'], name=op.f('fk_visit_attempt_body_id_campaign_id')),
    sa.ForeignKeyConstraint(['campaign_id', 'property_id'], ['household_visit.campaign_id', 'household_visit.property_id'], name=op.f('fk_visit_attempt_campaign_id_property_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_visit_attempt'))
    )
    op.create_index('ix_visit_attempt_campaign_id', 'visit_attempt', ['campaign_id', 'property_id', 'id'], unique=False)
    op.create_table('warranty_entry',
    sa.Column('ticket_id', sa.Uuid(), nullable=False),
    sa.Column('action', sa.String(length=12), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('liability', sa.String(length=12), nullable=False),
    sa.Column('note', sa.String(length=1000), nullable=True),
    sa.Column('document', sa.String(length=300), nullable=True),
    sa.Column('by', sa.Uuid(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.CheckConstraint("(action = 'settle') = (document IS NOT NULL)", name=op.f('ck_warranty_entry_document')),
    sa.CheckConstraint("action IN ('accept', 'dispute', 'settle', 'repair', 'passed', 'failed', 'close', 'withdraw')", name=op.f('ck_warranty_entry_action')),
    sa.CheckConstraint("liability IN ('open', 'accepted', 'disputed', 'contractor', 'others')", name=op.f('ck_warranty_entry_liability')),
    sa.CheckConstraint("state IN ('reported', 'accepted', 'disputed', 'repairing', 'rechecked', 'closed', 'withdrawn')", name=op.f('ck_warranty_entry_state')),
    sa.ForeignKeyConstraint(['ticket_id'], ['warranty_ticket.id'], name=op.f('fk_warranty_entry_ticket_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_warranty_entry'))
    )
    op.create_index('ix_warranty_entry_ticket_id', 'warranty_entry', ['ticket_id', 'id'], unique=False)
    op.create_index('ix_complaint_to_forget', 'complaint', ['policy_version_id', 'created_at', 'id'], unique=False, postgresql_where=sa.text("state IN ('closed', 'merged', 'withdrawn', 'rejected') AND description_sealed IS NOT NULL"))


def downgrade() -> None:
    op.drop_index("ix_complaint_to_forget", table_name="complaint")
    for table in reversed(TABLES):
        op.drop_table(table)
